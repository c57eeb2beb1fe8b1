using System.Text.Json.Nodes;

namespace ActorInference.Faults.Tests.Testing;

/// <summary>A worker as the gateway's management route shows it.</summary>
/// <param name="HeldPages">Of its jobs and transfers.</param>
/// <param name="UsedPages">Of the pool, by whomever.</param>
/// <param name="CachedPages">Of its prefix cache.</param>
/// <param name="IsDraining">Whether it finishes what it has and takes no more.</param>
internal sealed record Worker(string Name, string Role, int Jobs, int HeldPages, int UsedPages, int CachedPages, bool IsDraining)
{
    /// <summary>Whether nothing is left of anything that it was given: it has its pool alone, so what is used is cached.</summary>
    public bool IsAtRest => Jobs == 0 && HeldPages == 0 && UsedPages == CachedPages;

    public static Worker Read(JsonNode node)
    {
        var pages = node["pages"]!;
        return new Worker(
            (string)node["worker"]!, (string)node["role"]!, (int)node["jobs"]!, (int)pages["held"]!, (int)pages["used"]!, (int)pages["cached"]!, (bool)node["draining"]!);
    }
}
