using System.Diagnostics;

namespace ActorInference.Cluster.Tests;

/// <summary>Waits for conditions.</summary>
internal static class Until
{
    /// <summary>Asks again and again until it is so.</summary>
    /// <exception cref="TimeoutException">It is not so in time.</exception>
    public static async Task HoldsAsync(string what, Func<Task<bool>> holds, TimeSpan? patience = null)
    {
        var watch = Stopwatch.StartNew();
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
        while (!await holds())
        {
            if (watch.Elapsed > (patience ?? NodeProcess.Patience)) throw new TimeoutException($"It has not come to be that {what}.");
            await timer.WaitForNextTickAsync();
        }
    }
}
