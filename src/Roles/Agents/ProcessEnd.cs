namespace ActorInference.Roles.Agents;

/// <summary>How one process comes to its end: whether it was asked for, how long that may take, and when all is known of it.</summary>
/// <param name="kept">The process.</param>
/// <param name="folder">Where its keeper writes.</param>
internal sealed class ProcessEnd(KeptProcess kept, InstanceFolder folder)
{
    /// <summary>From a process's end until its keeper, which may be short of processor time, has written the exit code.</summary>
    private static readonly TimeSpan ExitCodeDeadline = TimeSpan.FromSeconds(20);

    private TimeSpan _killAt = TimeSpan.MaxValue;
    private TimeSpan? _goneAt;

    /// <summary>Why its agent has ended it; null if it has not.</summary>
    public (EndReason Reason, string Message)? Cause { get; private set; }

    /// <summary>Whether it was asked to end, with nothing wrong about it.</summary>
    public bool IsAsked => _killAt < TimeSpan.MaxValue && Cause is null;

    /// <summary>It is asked to end: after <paramref name="grace"/> it is killed.</summary>
    public void Ask(TimeSpan now, TimeSpan grace) => _killAt = now + grace;

    /// <summary>Something is wrong about it; what was said first holds.</summary>
    public void Blame(EndReason reason, string message) => Cause ??= (reason, message);

    /// <summary>Kills it if it was asked long enough ago.</summary>
    public void KillIfLate(TimeSpan now)
    {
        if (now >= _killAt) kept.Process.Kill();
    }

    /// <summary>Whether it has ended, and its exit code is there or will not come. Ends what it began and left behind.</summary>
    /// <param name="now">The time.</param>
    /// <param name="code">As its keeper wrote it; null if it has not.</param>
    public bool IsOver(TimeSpan now, out int? code)
    {
        code = null;
        if (kept.Process.IsAlive) return false;
        _goneAt ??= now;
        // Asked first: the keeper writes the code, and ends then.
        var mayWriteIt = kept.Keeper.IsAlive && now - _goneAt < ExitCodeDeadline;
        code = folder.ReadExit();
        if (code is null && mayWriteIt) return false;
        kept.Keeper.KillGroup();
        return true;
    }
}
