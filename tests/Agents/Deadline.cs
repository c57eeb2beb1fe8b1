namespace ActorInference.Agents.Tests;

/// <summary>Waiting in tests: for a condition, never for a time.</summary>
internal static class Deadline
{
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    /// <summary>Until the condition holds; fails if it does not come to.</summary>
    public static async Task UntilAsync(Func<bool> condition, Func<string> what)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        using var deadline = new CancellationTokenSource(Limit);
        while (!condition())
        {
            try
            {
                await timer.WaitForNextTickAsync(deadline.Token);
            }
            catch (OperationCanceledException)
            {
                Assert.Fail($"After {Limit.TotalSeconds} s still not: {what()}.");
            }
        }
    }
}
