using Akka.Actor;

namespace Akka.Pattern;

/// <summary>Tries again what failed.</summary>
public static class RetrySupport
{
    /// <summary>At once, up to <paramref name="attempts"/> times after the first.</summary>
    public static Task<T> Retry<T>(Func<Task<T>> attempt, int attempts) => Retry(attempt, attempts, _ => null, null);

    /// <summary>After a fixed delay.</summary>
    public static Task<T> Retry<T>(Func<Task<T>> attempt, int attempts, TimeSpan delay, IScheduler scheduler) =>
        Retry(attempt, attempts, _ => delay, scheduler);

    /// <summary>After a delay that doubles from the least to the greatest, with a random part.</summary>
    public static Task<T> Retry<T>(
        Func<Task<T>> attempt, int attempts, TimeSpan minBackoff, TimeSpan maxBackoff, int randomFactor, IScheduler scheduler)
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(minBackoff, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThan(maxBackoff, minBackoff);
        if (randomFactor is < 0 or > 1) throw new ArgumentOutOfRangeException(nameof(randomFactor), $"randomFactor is {randomFactor}; it must be 0 to 1.");
        return Retry(attempt, attempts, attempted => BackoffSupervisor.CalculateDelay(attempted, minBackoff, maxBackoff, randomFactor), scheduler);
    }

    /// <summary>After a delay by the number of attempts so far; null for none.</summary>
    public static async Task<T> Retry<T>(Func<Task<T>> attempt, int attempts, Func<int, TimeSpan?> delayFunction, IScheduler scheduler)
    {
        ArgumentNullException.ThrowIfNull(attempt);
        ArgumentOutOfRangeException.ThrowIfNegative(attempts);
        for (var attempted = 0; ; attempted++)
        {
            try
            {
                return await attempt().ConfigureAwait(false);
            }
            catch when (attempted < attempts)
            {
                if (delayFunction(attempted + 1) is { } delay && delay > TimeSpan.Zero) await After(delay, scheduler).ConfigureAwait(false);
            }
        }
    }

    private static Task After(TimeSpan delay, IScheduler scheduler)
    {
        var passed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        scheduler.Advanced.ScheduleOnce(delay, () => passed.TrySetResult());
        return passed.Task;
    }
}
