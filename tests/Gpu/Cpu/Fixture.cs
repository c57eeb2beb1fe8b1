using System.Text.Json;

namespace ActorInference.Gpu.Tests.Cpu;

/// <summary>A tiny model with random weights and the logits that tools/reference computed for it in float64.</summary>
internal sealed record Fixture(string Folder, int[] Ids, IReadOnlyDictionary<int, float[]> Logits)
{
    public static readonly string[] Names = ["qwen2", "qwen3", "llama3", "linear", "mistral", "phi3", "gemma2", "gemma3", "mixtral", "qwen3moe"];

    public static Fixture Load(string name)
    {
        var folder = Path.Combine(AppContext.BaseDirectory, "Fixtures", name);
        using var document = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder, "expected.json")));
        var logits = document.RootElement.GetProperty("logits").EnumerateObject()
            .ToDictionary(property => int.Parse(property.Name), property => property.Value.EnumerateArray().Select(x => x.GetSingle()).ToArray());
        return new Fixture(folder, [.. document.RootElement.GetProperty("ids").EnumerateArray().Select(id => id.GetInt32())], logits);
    }
}
