using System.Collections.Immutable;
using Akka.Actor;
using Akka.Event;

namespace ActorInference.Roles.Agents;

/// <summary>
/// Keeps one instance's process as its launch says: begins it, asks it how it is, begins it again when it ends, replaces it
/// when the launch changes, and writes down everything that it must know when the agent itself begins again.
/// </summary>
public sealed class InstanceProcessActor : ReceiveActor, IWithTimers
{
    private static readonly TimeSpan TickInterval = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan RotateInterval = TimeSpan.FromSeconds(5);

    /// <summary>From a process's end until its keeper, which may be short of processor time, has written the exit code.</summary>
    private static readonly TimeSpan ExitCodeDeadline = TimeSpan.FromSeconds(20);

    private static readonly TimeSpan StopProbeDeadline = TimeSpan.FromSeconds(1);

    private readonly AgentOptions _options;
    private readonly InstanceFolder _folder;
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private InstanceRecord _record;
    private KeptProcess? _kept;
    private InstanceProbes? _probes;
    private ProbeContext? _context;
    private AgentPhase _phase = AgentPhase.Waiting;
    private TimeSpan _startAt;
    private TimeSpan _stopDeadline;
    private TimeSpan _rotateAt;
    private TimeSpan? _endedAt;
    private string _message = "";
    private (EndReason Reason, string Message)? _killedFor;
    private bool _isStarting;
    private bool _hasFullShare;
    private int _incarnation;

    public InstanceProcessActor(AgentOptions options, InstanceRecord record)
    {
        (_options, _record) = (options, record);
        _folder = options.FolderOf(record.Launch.Instance);
        Receive<NodeAgentActor.Leased>(Change);
        Receive<NodeAgentActor.Published>(published => Publish(published.Overlay, published.Topology));
        Receive<AgentProtocol.RunHook>(RunHook);
        Receive<AgentProtocol.Remove>(_ => Remove());
        Receive<AgentProtocol.Exec>(Execute);
        Receive<Tick>(_ => OnTick());
        Receive<Started>(OnStarted);
        Receive<StartFailed>(OnStartFailed);
        Receive<Probed>(OnProbed);
        Receive<PreStopDone>(done => TerminateAfterHook(done));
    }

    public ITimerScheduler Timers { get; set; } = null!;

    private static TimeSpan Now => Context.System.Scheduler.MonotonicClock;

    /// <summary>Whether it waits for its owner, not for the time.</summary>
    private bool IsHeld => _record.Launch.IsHeldAfterEnd && _record.LastEnd is { } end && end.Reason != EndReason.StartFailed && end.Revision == _record.Launch.Revision;

    private bool IsReady => _phase == AgentPhase.Running && _probes is { IsReady: true };

    public static Props Props(AgentOptions options, InstanceRecord record) => Akka.Actor.Props.Create(() => new InstanceProcessActor(options, record));

    protected override void PreStart()
    {
        _folder.Write(_record);
        Adopt();
        Timers.StartPeriodicTimer(nameof(Tick), Tick.Instance, TickInterval);
        if (_record.IsRemoved && _kept is not null) BeginStop();   // One without a process is taken away at the first tick.
        Report();
    }

    /// <summary>A process that an earlier agent began goes on; one that ended meanwhile counts as ended now.</summary>
    private void Adopt()
    {
        _kept = _folder.ReadProcess();
        if (_kept is null)
        {
            if (IsHeld) _startAt = TimeSpan.MaxValue;
            return;
        }

        _context = Surroundings()?.Context;
        var age = DateTimeOffset.UtcNow - _record.StartedAt;
        _probes = new InstanceProbes(_record.Current, Now - (age > TimeSpan.Zero ? age : TimeSpan.Zero));
        _phase = StartedPhase(_probes);
        if (_kept.Process.IsAlive) _log.Info("{0} goes on as process {1}.", _record.Launch.Instance, _kept.Process.Id);
        if (_record.RunningRevision != _record.Launch.Revision && !_record.IsRemoved) BeginStop();
    }

    private AgentPhase StartedPhase(InstanceProbes probes) => _record.IsInitialized && probes.IsStarted ? AgentPhase.Running : AgentPhase.Starting;

    private void Change(NodeAgentActor.Leased leased)
    {
        if (_record.IsRemoved) return;   // Its owner says it again until this one is gone and another is there.
        var launch = leased.Launch;
        var isNew = launch.Revision != _record.Launch.Revision;
        Save(_record with { Launch = launch, Ports = leased.Ports, CpuSet = leased.Cpus, Overlay = leased.Overlay, Failures = isNew ? 0 : _record.Failures });
        _folder.WriteTopology(leased.Topology);
        if (isNew && _phase is AgentPhase.Starting or AgentPhase.Running && _record.RunningRevision != launch.Revision) BeginStop();
        else if (isNew && _phase == AgentPhase.Waiting) _startAt = Now;
        Report();
    }

    private void Publish(ImmutableArray<Variable> overlay, string topology)
    {
        if (!_record.Overlay.SequenceEqual(overlay)) Save(_record with { Overlay = overlay });
        _folder.WriteTopology(topology);
    }

    private void Remove()
    {
        if (!_record.IsRemoved) Save(_record with { IsRemoved = true });
        if (_phase is AgentPhase.Starting or AgentPhase.Running) BeginStop();
        else if (_phase == AgentPhase.Waiting && !_isStarting) EndRemoved();
    }

    private void OnTick()
    {
        var now = Now;
        if (_phase == AgentPhase.Waiting)
        {
            if (_isStarting) return;
            if (_record.IsRemoved) EndRemoved();
            else if (now >= _startAt) BeginStart();
            return;
        }

        if (!_kept!.Process.IsAlive)
        {
            OnProcessGone(now);
            return;
        }

        if (_phase == AgentPhase.Stopping)
        {
            if (now >= _stopDeadline) _kept.Process.Kill();
            return;
        }

        if (now >= _rotateAt)
        {
            _rotateAt = now + RotateInterval;
            LogFiles.Rotate(_folder.Log, _options.MaxLogBytes);
            CheckMemory();
        }

        GiveFullShare();
        AskProbes(now);
    }

    /// <summary>Also to one that an earlier agent began; again until the kernel has taken it.</summary>
    private void GiveFullShare()
    {
        if (!_hasFullShare && IsReady) _hasFullShare = _options.StartingShare.TryRestore(_kept!.Process);
    }

    private void CheckMemory()
    {
        if (_record.Current.Resources.MemoryBytes is not (> 0 and var limit) || _kept!.Process.ResidentBytes is var held && held <= limit) return;
        Kill(EndReason.MemoryExceeded, $"it held {_kept.Process.ResidentBytes >> 20} MiB of {limit >> 20} MiB");
    }

    private void AskProbes(TimeSpan now)
    {
        if (_context is null) return;
        foreach (var (role, spec) in _probes!.Due(now))
        {
            var incarnation = _incarnation;
            ProbeRunner.RunAsync(spec.Action, _context, spec.Timeout).PipeTo(Self, success: result => new Probed(incarnation, role, result));
        }
    }

    private void OnProbed(Probed probed)
    {
        if (probed.Incarnation != _incarnation || _phase is not (AgentPhase.Starting or AgentPhase.Running)) return;
        var before = (_phase, IsReady, _message);
        if (_probes!.Take(probed.Role, probed.Result, Now) is { } fatal)
        {
            Kill(EndReason.ProbeFailed, fatal);
            return;
        }

        if (_phase == AgentPhase.Starting && _probes.IsStarted) _phase = AgentPhase.Running;
        _message = IsReady ? "" : _probes.Reason;
        GiveFullShare();   // Before anybody is told that it may be given work.
        if (before != (_phase, IsReady, _message)) Report();
    }

    private void Kill(EndReason reason, string message)
    {
        _killedFor = (reason, message);
        _log.Warning("{0} is ended: {1}.", _record.Launch.Instance, message);
        BeginStop();
    }

    private void BeginStart()
    {
        _record = _record.ToStart();
        if (Hindrance() is { } hindrance)
        {
            if (_message == hindrance) return;
            _message = hindrance;
            Report();
            return;
        }

        if (Surroundings() is not { } surroundings) return;
        _isStarting = true;
        _context = surroundings.Context;
        Save(_record with { RunningRevision = _record.Launch.Revision, StartedAt = DateTimeOffset.UtcNow });
        foreach (var volume in _record.Current.Volumes) Directory.CreateDirectory(InstanceSurroundings.FolderOf(volume, _record.Launch.Instance, _folder));
        ProcessKeeper.StartAsync(_folder, surroundings.Command, surroundings.Context.Environment, surroundings.Context.WorkingFolder, _record.CpuSet ?? "", _options.StartingShare)
            .PipeTo(Self, success: kept => new Started(kept), failure: cause => new StartFailed(cause.GetBaseException().Message));
    }

    /// <returns>What it waits for before it can be begun; null for nothing.</returns>
    private string? Hindrance()
    {
        if (!InstanceSurroundings.IsComplete(_record with { Launch = _record.Current })) return "waits until the group's topology names a seed";
        if (_record.Launch.InitBy is not { } first) return null;
        return _options.FolderOf(first).ReadRecord() is { IsInitializedForGood: true } record && record.Launch.InitRevision == _record.Launch.InitRevision ? null : $"waits for the init containers of {first}";
    }

    /// <returns>Null if the image is not there; it is tried again.</returns>
    private InstanceSurroundings? Surroundings()
    {
        try
        {
            return InstanceSurroundings.Of(_record with { Launch = _record.Current }, _options.Images.Find(_record.Current.Image), _folder, _options.Address, _options.Inherited);
        }
        catch (ImageException missing)
        {
            OnStartFailed(new StartFailed(missing.Message));
            return null;
        }
    }

    private void OnStarted(Started started)
    {
        _isStarting = false;
        _incarnation++;
        _hasFullShare = false;
        (_kept, _killedFor, _endedAt, _message) = (started.Kept, null, null, _record.IsInitialized ? "" : $"init container {_record.Current.Step} runs");
        _probes = new InstanceProbes(_record.Current, Now);
        _phase = StartedPhase(_probes);
        if (_record.IsRemoved || _record.RunningRevision != _record.Launch.Revision) BeginStop();
        Report();
    }

    private void OnStartFailed(StartFailed failed)
    {
        _isStarting = false;
        if (_record.IsRemoved)
        {
            EndRemoved();
            return;
        }

        _message = failed.Message;
        var end = new Evidence(DateTimeOffset.UtcNow, null, null, EndReason.StartFailed, failed.Message, LogFiles.Tail(_folder.Log), _record.Launch.Revision);
        Pause(end, _record.Failures);
    }

    private void BeginStop()
    {
        _phase = AgentPhase.Stopping;
        _stopDeadline = Now + _record.Current.Grace;
        Report();
        var incarnation = _incarnation;
        // One that is ill would hardly answer its hook.
        if (_record.Current.PreStop is { } hook && _context is { } context && _killedFor is null)
        {
            var limit = _record.Current.Grace > StopProbeDeadline ? _record.Current.Grace : StopProbeDeadline;
            ProbeRunner.RunAsync(hook, context, limit).PipeTo(Self, success: result => new PreStopDone(incarnation, result));
            return;
        }

        _kept?.Process.Terminate();
    }

    private void TerminateAfterHook(PreStopDone done)
    {
        if (done.Incarnation != _incarnation || _phase != AgentPhase.Stopping) return;
        if (!done.Result.IsSuccess) _log.Warning("The hook of {0} before its end failed: {1}.", _record.Launch.Instance, done.Result.Reason);
        _kept?.Process.Terminate();
    }

    private void OnProcessGone(TimeSpan now)
    {
        _endedAt ??= now;
        // Asked first: the keeper writes the code, and ends then.
        var mayWriteIt = _kept!.Keeper.IsAlive && now - _endedAt < ExitCodeDeadline;
        var code = _folder.ReadExit();
        if (code is null && mayWriteIt) return;
        _kept.Keeper.KillGroup();   // What it began and left behind.
        var wasAsked = _phase == AgentPhase.Stopping && _killedFor is null;
        var readyFor = _record.IsInitialized && _probes?.ReadySince is { } since ? now - since : TimeSpan.Zero;
        (_kept, _probes) = (null, null);
        _phase = AgentPhase.Waiting;
        _folder.ClearProcess();
        if (_record.IsRemoved)
        {
            EndRemoved();
            return;
        }

        if (wasAsked)
        {
            Save(_record with { Restarts = _record.Restarts + 1, Failures = 0 });
            (_startAt, _message) = (now, "");
            Report();
            return;
        }

        if (!_record.IsInitialized && code == 0 && _killedFor is null)
        {
            Save(_record with { InitDone = _record.InitDone + 1, Failures = 0 });
            _startAt = now;
            return;
        }

        _message = "";
        Pause(Evidence.Of(_record, code, _killedFor, LogFiles.Tail(_folder.Log)), _record.Launch.Restarts.FailuresAfter(_record.Failures, readyFor));
    }

    private void Pause(Evidence end, int failures)
    {
        var pause = _record.Launch.Restarts.Before(failures);
        _startAt = Now + (end.Reason == EndReason.StartFailed && pause == TimeSpan.Zero ? _record.Launch.Restarts.Base : pause);
        if (_message.Length == 0) _message = pause > TimeSpan.Zero ? $"back-off {pause.TotalSeconds:0} s after {end}" : end.ToString();
        _log.Warning("{0} ended ({1}): {2}; it begins again in {3}.", _record.Launch.Instance, end.Reason, end, pause);
        Save(_record with { Restarts = _record.Restarts + 1, Failures = failures + 1, LastEnd = end });
        if (IsHeld) (_startAt, _message) = (TimeSpan.MaxValue, $"{end}; it is begun again with its whole instance");
        Report();
    }

    private void EndRemoved()
    {
        try
        {
            _folder.Delete();
            var memory = InstanceSurroundings.MemoryFolder(_record.Launch.Instance, _folder);
            if (Directory.Exists(memory)) Directory.Delete(memory, recursive: true);
        }
        catch (IOException unfinished)
        {
            // What the process left behind may write there until it is dead, too: the next tick tries again.
            _log.Debug("The folder of {0} is not gone yet: {1}", _record.Launch.Instance, unfinished.Message);
            return;
        }

        Context.Parent.Tell(new AgentProtocol.InstanceRemoved(_record.Launch.Owner, _record.Launch.Instance, _options.Node));
        Context.Stop(Self);
    }

    private void RunHook(AgentProtocol.RunHook hook)
    {
        if (_context is not { } context || _kept is null)
        {
            Sender.Tell(new AgentProtocol.HookDone(hook.Instance, ProbeResult.Failure("no process runs")));
            return;
        }

        ProbeRunner.RunAsync(hook.Action, context, hook.Timeout).PipeTo(Sender, Self, success: result => new AgentProtocol.HookDone(hook.Instance, result));
    }

    private void Execute(AgentProtocol.Exec exec)
    {
        if (_context is not { } context)
        {
            Sender.Tell(new AgentProtocol.Refused($"{exec.Instance} has not begun; expected one that has."));
            return;
        }

        ExecuteAsync(exec, context).PipeTo(Sender, Self, failure: cause => new AgentProtocol.Refused($"{exec.Command[0]}: {cause.GetBaseException().Message}"));
    }

    private static async Task<AgentProtocol.ExecEnded> ExecuteAsync(AgentProtocol.Exec exec, ProbeContext context)
    {
        using var deadline = new CancellationTokenSource(exec.Timeout);
        var (code, output) = await CommandRun.RunAsync(exec.Command, context, deadline.Token).ConfigureAwait(false);
        return new AgentProtocol.ExecEnded(exec.Instance, code, output);
    }

    private void Save(InstanceRecord record)
    {
        _record = record;
        _folder.Write(record);
    }

    private void Report() => Context.Parent.Tell(new AgentProtocol.InstanceReport(
        _record.Launch.Owner, _record.Launch.Instance, _options.Node, _phase, IsReady, _kept is null ? "" : _record.RunningRevision, _record.Launch.Revision,
        _record.Restarts, [.. _record.Ports], _kept?.Process.Id ?? 0, _record.StartedAt, _message, _record.LastEnd));

    private sealed record Tick
    {
        public static readonly Tick Instance = new();
    }

    private sealed record Started(KeptProcess Kept);

    private sealed record StartFailed(string Message);

    private sealed record Probed(int Incarnation, ProbeRole Role, ProbeResult Result);

    private sealed record PreStopDone(int Incarnation, ProbeResult Result);
}
