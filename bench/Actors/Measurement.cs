using System.Diagnostics;

namespace ActorInference.Bench.Actors;

/// <summary>One figure of a run: the median of its rounds, and the best.</summary>
internal sealed record Measurement(string Name, double Value, double Best, string Unit)
{
    /// <summary>Times <paramref name="round"/> after a warm-up, in operations a second.</summary>
    public static async Task<Measurement> Rate(string name, string unit, int operations, int rounds, Func<Task> round)
    {
        await round();
        await round();
        var rates = new double[rounds];
        for (var i = 0; i < rounds; i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
            var started = Stopwatch.GetTimestamp();
            await round();
            rates[i] = operations / Stopwatch.GetElapsedTime(started).TotalSeconds;
        }

        Array.Sort(rates);
        return new Measurement(name, Math.Round(rates[rounds / 2]), Math.Round(rates[^1]), unit);
    }
}
