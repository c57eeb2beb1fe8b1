namespace ActorInference.Roles.Agents;

/// <summary>What follows the end of an instance's process. Pure.</summary>
/// <param name="Record">What is remembered from now on.</param>
/// <param name="Pause">Until a process is begun again; null for not by the agent itself.</param>
/// <param name="Message">What the instance waits for; empty for nothing.</param>
public sealed record AfterEnd(InstanceRecord Record, TimeSpan? Pause, string Message)
{
    /// <summary>It was asked for: to be replaced, for instance.</summary>
    public static AfterEnd Asked(InstanceRecord record) => new(record with { Restarts = record.Restarts + 1, Failures = 0 }, TimeSpan.Zero, "");

    /// <summary>It was an init container, and has done its work.</summary>
    public static AfterEnd Done(InstanceRecord record) => new(record with { InitDone = record.InitDone + 1, Failures = 0 }, TimeSpan.Zero, "");

    /// <summary>It was not asked for.</summary>
    /// <param name="record">Of the instance.</param>
    /// <param name="end">What is known of it.</param>
    /// <param name="readyFor">How long the process had been ready, at a stretch.</param>
    public static AfterEnd Unasked(InstanceRecord record, Evidence end, TimeSpan readyFor) =>
        Failed(record, end, record.Launch.Restarts.FailuresAfter(record.Failures, readyFor));

    /// <summary>It did not even begin.</summary>
    public static AfterEnd NotBegun(InstanceRecord record, Evidence end) => Failed(record, end, record.Failures) with { Message = end.Message };

    private static AfterEnd Failed(InstanceRecord record, Evidence end, int failures)
    {
        var restarts = record.Launch.Restarts;
        var pause = restarts.Before(failures);
        // What cannot begin would else be tried all the time.
        if (end.Reason == EndReason.StartFailed && pause == TimeSpan.Zero) pause = restarts.Base;
        var after = record with { Restarts = record.Restarts + 1, Failures = failures + 1, LastEnd = end };
        return after.IsHeld
            ? new AfterEnd(after, Pause: null, $"{end}; it is begun again with its whole instance")
            : new AfterEnd(after, pause, pause > TimeSpan.Zero ? $"back-off {pause.TotalSeconds:0} s after {end}" : end.ToString());
    }
}
