namespace ActorInference.Roles.Tests.Testing;

/// <summary>Waiting in tests: for a condition, never for a time.</summary>
internal static class Deadline
{
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    /// <summary>Settings of a test kit that waits as long.</summary>
    public const string OfTestKit = "akka.test { single-expect-default = 60s, default-timeout = 60s }";

    /// <summary>Until the task ends; fails if it does not.</summary>
    public static Task OnAsync(Task task) => task.WaitAsync(Limit);

    /// <inheritdoc cref="OnAsync(Task)"/>
    public static Task<T> OnAsync<T>(Task<T> task) => task.WaitAsync(Limit);

    /// <summary>Until the condition holds; fails if it does not come to.</summary>
    public static async Task UntilAsync(Func<bool> condition, Func<string> what)
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
                Assert.Fail($"After {Limit.TotalSeconds} s still not: {what()}.");
            }
        }
    }
}
