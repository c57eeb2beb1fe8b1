using ActorInference.Roles.Agents;
using ActorInference.Roles.Groups.Spec;

namespace ActorInference.Roles.Groups.Planning;

/// <summary>How long the restart of an instance that failed before is put off: the pauses of <see cref="RestartDelays"/>, counted as RBG does.</summary>
public static class RestartBackOff
{
    private static readonly TimeSpan LeastQuiet = TimeSpan.FromMinutes(10);

    /// <summary>Before the restart that follows <paramref name="restarts"/> earlier ones: none, the base, and twice as long each time, up to the most.</summary>
    /// <param name="maxDelay">Zero does not bound it but by 2^31 - 1 seconds.</param>
    public static TimeSpan Delay(int restarts, TimeSpan baseDelay, TimeSpan maxDelay) =>
        new RestartDelays(baseDelay, maxDelay > TimeSpan.Zero ? maxDelay : TimeSpan.FromSeconds(int.MaxValue)).Before(Math.Max(restarts, 0));

    public static TimeSpan Delay(int restarts, RestartPolicy policy) => Delay(restarts, policy.BaseDelay, policy.MaxDelay);

    /// <summary>The count of restarts after another one: it begins again when there was none for longer than twice the greatest delay, and 10 minutes.</summary>
    /// <param name="quiet">Time since the last; null if there was none.</param>
    public static int Count(int count, TimeSpan? quiet, TimeSpan maxDelay)
    {
        var window = maxDelay * 2 > LeastQuiet ? maxDelay * 2 : LeastQuiet;
        return quiet is { } time && time <= window ? count + 1 : 1;
    }

    /// <summary>Whether a process came back because it was updated in place, not because it failed.</summary>
    /// <param name="before">Its restarts and image when the update began; null if it was not updated.</param>
    public static bool IsExpected((int Restarts, string Image)? before, (int Restarts, string Image) now)
    {
        if (before is not { } baseline) return now.Restarts == 0;
        return now.Restarts == baseline.Restarts || (now.Restarts == baseline.Restarts + 1 && now.Image != baseline.Image);
    }
}
