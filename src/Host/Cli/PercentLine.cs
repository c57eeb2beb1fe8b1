using ActorInference.Gpu.Models;

namespace ActorInference.Host.Cli;

/// <summary>Shows whole percents on stderr, on one line of a terminal; elsewhere nothing.</summary>
internal sealed class PercentLine : IProgress<LoadProgress>
{
    private long _shown = -1;

    public void Report(LoadProgress value)
    {
        var percent = 100 * value.LoadedBytes / Math.Max(1, value.TotalBytes);
        if (Console.IsErrorRedirected || percent == _shown) return;
        _shown = percent;
        Console.Error.Write(percent == 100 ? "\r                    \r" : $"\rWriting {percent} %");
    }
}
