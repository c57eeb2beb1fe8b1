using ActorInference.Actors.Kv;

namespace ActorInference.Roles.Configuration;

/// <summary>How large a process's host pool is. Pages count before bytes, and bytes before the ratio.</summary>
/// <param name="Pages">0 leaves it to the others.</param>
/// <param name="Bytes">0 leaves it to the ratio.</param>
/// <param name="Ratio">In device pools; 0 is no host pool.</param>
/// <param name="MemoryShare">Of the memory that is free at the start, what the ratio may take at most.</param>
public sealed record HostSize(int Pages, long Bytes, double Ratio, double MemoryShare)
{
    /// <summary>Pages of the host pool beside a device's.</summary>
    /// <param name="freeBytes">Memory that nobody uses.</param>
    public int PagesBeside(IPageMemory device, long freeBytes)
    {
        if (Pages > 0) return Pages;
        var pageBytes = device.Layout.PageBytes;
        var wanted = Bytes > 0 ? Bytes / pageBytes : Math.Min((long)(Ratio * device.CapacityPages), (long)(MemoryShare * freeBytes) / pageBytes);
        return (int)Math.Min(wanted, int.MaxValue / 2);
    }

    internal static HostSize Read(ConfigSection section) => new(
        section.Integer("pages", min: 0), section.Bytes("size", min: 0), section.Number("ratio", 0, 1_000), section.Number("memory-share", 0, 1));
}
