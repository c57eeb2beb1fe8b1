using ActorInference.Actors.Kv;
using ActorInference.Host.Cli;

namespace ActorInference.Host.Composition;

/// <summary>How many KV pages a process takes.</summary>
public static class KvBudget
{
    /// <summary>Sequences of full context that the default has room for.</summary>
    private const int DefaultSequences = 8;

    /// <summary>As many on a device with memory of its own, which nobody else has a use for: all that one worker runs by default.</summary>
    private const int DefaultDeviceSequences = 64;

    /// <summary>Share of the machine's memory that the default stays below.</summary>
    private const int DefaultMemoryShare = 4;

    /// <param name="layout">Shape of a page.</param>
    /// <param name="contextTokens">The model's context.</param>
    /// <param name="pages">Asked for as a number; null if not.</param>
    /// <param name="bytes">Asked for as memory; null if not.</param>
    /// <param name="deviceBytes">What a device with memory of its own has for pages; null for the machine's memory.</param>
    /// <exception cref="UserErrorException">Less than one page, or more than the machine has.</exception>
    public static int Pages(KvPageLayout layout, int contextTokens, int? pages, long? bytes, long? deviceBytes = null)
    {
        var memory = deviceBytes ?? GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
        var most = (int)Math.Min(memory / layout.PageBytes, int.MaxValue);
        var asked = pages ?? bytes / layout.PageBytes;
        if (asked is null)
        {
            var wanted = (long)layout.PagesFor(contextTokens) * (deviceBytes is null ? DefaultSequences : DefaultDeviceSequences);
            return (int)Math.Max(1, Math.Min(wanted, deviceBytes is null ? most / DefaultMemoryShare : most));
        }

        if (asked >= 1 && asked <= most) return (int)asked;
        throw new UserErrorException(pages is not null
            ? $"--kv-pages is '{pages}'; expected 1 to {most}, since a page takes {layout.PageBytes} bytes and the {(deviceBytes is null ? "machine" : "device")} has {memory >> 20} MiB."
            : $"--kv-memory is '{bytes}' bytes; expected {layout.PageBytes} to {memory}, since a page takes {layout.PageBytes} bytes and the {(deviceBytes is null ? "machine" : "device")} has {memory >> 20} MiB.");
    }
}
