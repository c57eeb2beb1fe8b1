namespace ActorInference.Roles.Gateway;

/// <summary>
/// How long one worker has been silent about one job, and how long it has only said that the job waits. Time is passed in as it is
/// noticed, so that a pause of the listener itself does not count against the worker.
/// </summary>
internal sealed class SignsOfLife(TimeSpan queueDeadline)
{
    private TimeSpan? _limit;

    /// <summary>Since the last sign.</summary>
    public TimeSpan Silence { get; private set; }

    /// <summary>Since the last progress.</summary>
    public TimeSpan Waited { get; private set; }

    /// <summary>Whether it has been silent longer than it may.</summary>
    public bool IsSilent => Silence > _limit;

    /// <summary>Whether it lives, but the job has not moved for longer than it may.</summary>
    public bool IsStuck => _limit is not null && Waited > queueDeadline;

    /// <summary>A new stage of the job begins, in which the worker may be silent for so long.</summary>
    public void Expect(TimeSpan limit)
    {
        _limit = limit;
        Silence = Waited = TimeSpan.Zero;
    }

    /// <summary>Nothing is expected of the worker now.</summary>
    public void Rest() => _limit = null;

    /// <summary>The worker lives, though the job has not moved.</summary>
    public void Hear() => Silence = TimeSpan.Zero;

    public void Pass(TimeSpan elapsed)
    {
        if (_limit is null) return;
        Silence += elapsed;
        Waited += elapsed;
    }
}
