namespace ActorInference.Host.Tests.Testing;

/// <summary>Waiting in tests: for a condition, never for a time.</summary>
public static class Deadline
{
    /// <summary>On a machine that does other things besides, a program takes its time to begin.</summary>
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(120);

    /// <summary>Until the task ends; fails if it does not.</summary>
    public static Task OnAsync(Task task) => task.WaitAsync(Limit);

    /// <summary>Until the condition holds, which is asked again and again; fails if it does not come to.</summary>
    public static async Task UntilAsync(Func<Task<bool>> condition, string what)
    {
        var started = System.Diagnostics.Stopwatch.GetTimestamp();
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(10));
        while (!await condition())
        {
            if (System.Diagnostics.Stopwatch.GetElapsedTime(started) > Limit) Assert.Fail($"After {Limit.TotalSeconds} s still not: {what}.");
            await timer.WaitForNextTickAsync();
        }
    }

    /// <summary>Until the condition holds; fails if it does not come to.</summary>
    public static async Task UntilAsync(Func<bool> condition, string what)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(5));
        using var deadline = new CancellationTokenSource(Limit);
        while (!condition())
        {
            try
            {
                await timer.WaitForNextTickAsync(deadline.Token);
            }
            catch (OperationCanceledException)
            {
                Assert.Fail($"After {Limit.TotalSeconds} s still not: {what}.");
            }
        }
    }
}
