namespace ActorInference.Roles.Agents;

/// <summary>Which of an instance's probes.</summary>
public enum ProbeRole
{
    Startup,
    Readiness,
    Liveness,
}

/// <summary>The probes of one process: when each is due, and what the answers amount to.</summary>
/// <param name="launch">Its probes.</param>
/// <param name="startedAt">When the process began, on the clock that all times here are of.</param>
public sealed class InstanceProbes(InstanceLaunch launch, TimeSpan startedAt)
{
    /// <summary>
    /// Between two questions whether a process that has not been ready yet is: others wait for it. Only questions that cost
    /// no process are asked so often, and none that a process is ended for.
    /// </summary>
    private static readonly TimeSpan FirstPeriod = TimeSpan.FromMilliseconds(200);

    private readonly Dictionary<ProbeRole, Track> _tracks = Tracks(launch, startedAt);

    private bool _wasReady;

    /// <summary>Whether the startup probe has been passed, once for all.</summary>
    public bool IsStarted { get; private set; } = launch.Startup is null;

    /// <summary>Whether it may be given work.</summary>
    public bool IsReady { get; private set; } = launch.Startup is null && launch.Readiness is null;

    /// <summary>Since when it has been ready without a break; null if it is not.</summary>
    public TimeSpan? ReadySince { get; private set; } = launch.Startup is null && launch.Readiness is null ? startedAt : null;

    /// <summary>What the last bad answer said; empty if the last was good.</summary>
    public string Reason { get; private set; } = "";

    /// <summary>Probes to be asked now; each counts as asked until <see cref="Take"/>.</summary>
    public IReadOnlyList<(ProbeRole Role, ProbeSpec Spec)> Due(TimeSpan now)
    {
        var due = _tracks.Where(pair => !pair.Value.IsAsked && now >= pair.Value.NextAt && IsWanted(pair.Key)).Select(pair => (pair.Key, pair.Value.Spec)).ToList();
        foreach (var (role, _) in due) _tracks[role].IsAsked = true;
        return due;
    }

    /// <summary>Counts an answer.</summary>
    /// <returns>Why the process must be ended; null if it need not.</returns>
    public string? Take(ProbeRole role, ProbeResult result, TimeSpan now)
    {
        var track = _tracks[role];
        track.IsAsked = false;
        track.NextAt = now + PeriodOf(role, track.Spec);
        track.Counter = track.Counter.Count(result);
        if (role == ProbeRole.Liveness) return track.Counter.IsIll(track.Spec) ? $"Liveness probe failed {track.Counter.Failures} times: {result.Reason}" : null;
        Reason = result.Reason;
        if (role == ProbeRole.Startup)
        {
            if (track.Counter.IsIll(track.Spec)) return $"Startup probe failed {track.Counter.Failures} times: {result.Reason}";
            if (!IsStarted && track.Counter.IsWell(track.Spec)) BeStarted(now);
            return null;
        }

        if (track.Counter.IsWell(track.Spec)) BeReady(now);
        else if (track.Counter.IsIll(track.Spec)) (IsReady, ReadySince) = (false, null);
        return null;
    }

    private TimeSpan PeriodOf(ProbeRole role, ProbeSpec spec) =>
        role == ProbeRole.Readiness && !_wasReady && spec.Action.Kind != ProbeKind.Exec && spec.Period > FirstPeriod ? FirstPeriod : spec.Period;

    private void BeStarted(TimeSpan now)
    {
        IsStarted = true;
        if (!_tracks.ContainsKey(ProbeRole.Readiness)) BeReady(now);
    }

    private void BeReady(TimeSpan now)
    {
        if (!IsReady) ReadySince = now;
        (IsReady, _wasReady) = (true, true);
    }

    private bool IsWanted(ProbeRole role) => IsStarted != (role == ProbeRole.Startup);

    private static Dictionary<ProbeRole, Track> Tracks(InstanceLaunch launch, TimeSpan startedAt)
    {
        var tracks = new Dictionary<ProbeRole, Track>();
        foreach (var (role, spec) in new[] { (ProbeRole.Startup, launch.Startup), (ProbeRole.Readiness, launch.Readiness), (ProbeRole.Liveness, launch.Liveness) })
        {
            if (spec is not null) tracks[role] = new Track(spec) { NextAt = startedAt + spec.InitialDelay };
        }

        return tracks;
    }

    private sealed class Track(ProbeSpec spec)
    {
        public ProbeSpec Spec { get; } = spec;

        public TimeSpan NextAt { get; set; }

        public bool IsAsked { get; set; }

        public ProbeCounter Counter { get; set; }
    }
}
