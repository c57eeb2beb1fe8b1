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
    private static readonly TimeSpan StopProbeDeadline = TimeSpan.FromSeconds(1);

    private readonly AgentOptions _options;
    private readonly InstanceFolder _folder;
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly CancellationTokenSource _stop = new();
    private InstanceRecord _record;
    private KeptProcess? _kept;
    private ProcessProbing? _probing;
    private ProcessEnd? _end;
    private ProbeContext? _context;
    private AgentPhase _phase = AgentPhase.Waiting;
    private TimeSpan _startAt;
    private TimeSpan _rotateAt;
    private string _message = "";
    private bool _isStarting;
    private bool _hasFullShare;

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
        Receive<ProcessProbing.Answer>(OnProbed);
        Receive<PreStopDone>(done => TerminateAfterHook(done));
    }

    public ITimerScheduler Timers { get; set; } = null!;

    private static TimeSpan Now => Context.System.Scheduler.MonotonicClock;

    private bool IsReady => _phase == AgentPhase.Running && _probing is { IsReady: true };

    public static Props Props(AgentOptions options, InstanceRecord record) => Akka.Actor.Props.Create(() => new InstanceProcessActor(options, record));

    protected override void PreStart()
    {
        _folder.Write(_record);
        Adopt();
        Timers.StartPeriodicTimer(nameof(Tick), Tick.Instance, TickInterval);
        if (_record.IsRemoved && _kept is not null) BeginStop();   // One without a process is taken away at the first tick.
        Report();
    }

    protected override void PostStop()
    {
        _stop.Cancel();
        _stop.Dispose();
        base.PostStop();
    }

    /// <summary>A process that an earlier agent began goes on; one that ended meanwhile counts as ended now.</summary>
    private void Adopt()
    {
        if (_folder.ReadProcess() is not { } kept)
        {
            if (_record.IsHeld) _startAt = TimeSpan.MaxValue;
            return;
        }

        Save(_record.Running(kept));
        _context = Surroundings(out _)?.Context;
        var age = DateTimeOffset.UtcNow - _record.StartedAt;
        Keep(kept, Now - (age > TimeSpan.Zero ? age : TimeSpan.Zero));
        if (kept.Process.IsAlive) _log.Info("{0} goes on as process {1}.", _record.Launch.Instance, kept.Process.Id);
        if (_record.RunningRevision != _record.Launch.Revision && !_record.IsRemoved) BeginStop();
    }

    private void Keep(KeptProcess kept, TimeSpan startedAt)
    {
        _kept = kept;
        _end = new ProcessEnd(kept, _folder);
        _probing = new ProcessProbing(_record.Current, _context, startedAt, Self);
        _phase = StartedPhase(_probing);
    }

    private AgentPhase StartedPhase(ProcessProbing probing) => _record.IsInitialized && probing.IsStarted ? AgentPhase.Running : AgentPhase.Starting;

    private void Change(NodeAgentActor.Leased leased)
    {
        if (_record.IsRemoved) return;   // Its owner says it again until this one is gone and another is there.
        var launch = leased.Launch;
        var isNew = launch.Revision != _record.Launch.Revision;
        Save(_record with { Launch = launch, Ports = leased.Ports, PodPorts = leased.PodPorts, CpuSet = leased.Cpus, Gpus = leased.Gpus, Overlay = leased.Overlay, Failures = isNew ? 0 : _record.Failures });
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
        else if (_phase == AgentPhase.Waiting) EndRemoved();
    }

    private void OnTick()
    {
        var now = Now;
        if (_phase == AgentPhase.Waiting)
        {
            if (_record.IsRemoved) EndRemoved();
            else if (!_isStarting && now >= _startAt) BeginStart();
            return;
        }

        if (!_kept!.Process.IsAlive)
        {
            if (_end!.IsOver(now, out var code)) OnProcessGone(code, now);
            return;
        }

        if (_phase == AgentPhase.Stopping)
        {
            _end!.KillIfLate(now);
            return;
        }

        if (now >= _rotateAt)
        {
            _rotateAt = now + RotateInterval;
            LogFiles.Rotate(_folder.Log, _options.MaxLogBytes);
            CheckMemory();
        }

        GiveFullShare();
        _probing!.Ask(now);
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

    private void OnProbed(ProcessProbing.Answer answer)
    {
        if (_probing is not { } probing || answer.To != probing || _phase is not (AgentPhase.Starting or AgentPhase.Running)) return;
        var before = (_phase, IsReady, _message);
        if (probing.Take(answer, Now) is { } fatal)
        {
            Kill(EndReason.ProbeFailed, fatal);
            return;
        }

        if (_phase == AgentPhase.Starting && probing.IsStarted) _phase = AgentPhase.Running;
        _message = IsReady ? "" : probing.Reason;
        GiveFullShare();   // Before anybody is told that it may be given work.
        if (before != (_phase, IsReady, _message)) Report();
    }

    private void Kill(EndReason reason, string message)
    {
        _end!.Blame(reason, message);
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

        if (Surroundings(out var missing) is not { } surroundings)
        {
            OnStartFailed(new StartFailed(missing));
            return;
        }

        _isStarting = true;
        _context = surroundings.Context;
        Save(_record with { RunningRevision = _record.Launch.Revision, StartedAt = DateTimeOffset.UtcNow });
        ProcessKeeper.StartAsync(_folder, _record.RunningRevision, surroundings, _record.CpuSet ?? "", _options.StartingShare, _stop.Token)
            .PipeTo(Self, success: kept => new Started(kept), failure: cause => new StartFailed(cause.GetBaseException().Message));
    }

    /// <returns>What it waits for before it can be begun; null for nothing.</returns>
    private string? Hindrance()
    {
        if (!InstanceSurroundings.IsComplete(_record with { Launch = _record.Current })) return "waits until the group's topology names a seed";
        if (_record.Launch.InitBy is not { } first) return null;
        return _options.FolderOf(first).ReadRecord() is { IsInitializedForGood: true } record && record.Launch.InitRevision == _record.Launch.InitRevision ? null : $"waits for the init containers of {first}";
    }

    /// <returns>Null if the image is not there.</returns>
    private InstanceSurroundings? Surroundings(out string missing)
    {
        try
        {
            missing = "";
            return InstanceSurroundings.Of(_record with { Launch = _record.Current }, _options.Images.Find(_record.Current.Image), _folder, _options.Volumes, _options.Address, _options.Inherited);
        }
        catch (ImageException absent)
        {
            missing = absent.Message;
            return null;
        }
    }

    private void OnStarted(Started started)
    {
        _isStarting = false;
        _hasFullShare = false;
        Save(_record.Running(started.Kept));
        Keep(started.Kept, Now);
        _message = _record.IsInitialized ? "" : $"init container {_record.Current.Step} runs";
        if (_record.IsRemoved || _record.RunningRevision != _record.Launch.Revision) BeginStop();
        Report();
    }

    private void OnStartFailed(StartFailed failed)
    {
        _isStarting = false;
        if (_record.IsRemoved) return;
        var end = new Evidence(DateTimeOffset.UtcNow, null, null, EndReason.StartFailed, failed.Message, LogFiles.Tail(_folder.Log), _record.Launch.Revision);
        Follow(AfterEnd.NotBegun(_record, end));
    }

    private void BeginStop()
    {
        _phase = AgentPhase.Stopping;
        _end!.Ask(Now, _record.Current.Grace);
        Report();
        // One that is ill would hardly answer its hook.
        if (_record.Current.PreStop is { } hook && _context is { } context && _end.IsAsked)
        {
            var (kept, limit) = (_kept!, _record.Current.Grace > StopProbeDeadline ? _record.Current.Grace : StopProbeDeadline);
            ProbeRunner.RunAsync(hook, context, limit).PipeTo(Self, success: result => new PreStopDone(kept, result));
            return;
        }

        _kept!.Process.Terminate();
    }

    private void TerminateAfterHook(PreStopDone done)
    {
        if (!done.Kept.Equals(_kept) || _phase != AgentPhase.Stopping) return;
        if (!done.Result.IsSuccess) _log.Warning("The hook of {0} before its end failed: {1}.", _record.Launch.Instance, done.Result.Reason);
        done.Kept.Process.Terminate();
    }

    private void OnProcessGone(int? code, TimeSpan now)
    {
        var (end, readyFor) = (_end!, _record.IsInitialized ? _probing!.ReadyFor(now) : TimeSpan.Zero);
        (_kept, _probing, _end) = (null, null, null);
        _phase = AgentPhase.Waiting;
        _folder.ClearProcess();
        if (_record.IsRemoved) EndRemoved();
        else if (end.IsAsked) Follow(AfterEnd.Asked(_record));
        else if (!_record.IsInitialized && code == 0 && end.Cause is null) Follow(AfterEnd.Done(_record));
        else Follow(AfterEnd.Unasked(_record, Evidence.Of(_record, code, end.Cause, LogFiles.Tail(_folder.Log)), readyFor));
    }

    private void Follow(AfterEnd after)
    {
        if (after.Record.LastEnd is { } end && end != _record.LastEnd)
            _log.Warning("{0} ended ({1}): {2}; it begins again {3}.", _record.Launch.Instance, end.Reason, end, after.Pause is { } pause ? $"in {pause}" : "when its owner says so");
        Save(after.Record);
        _startAt = after.Pause is { } wait ? Now + wait : TimeSpan.MaxValue;
        _message = after.Message;
        Report();
    }

    /// <summary>
    /// Tried again at the next tick where it is too early: a keeper may still be about to write down what it has begun, or about to end, and
    /// what the process left behind may write in its folder until it is dead, too.
    /// </summary>
    private void EndRemoved()
    {
        if (_isStarting) return;
        if (_folder.ReadProcess() is { } kept)
        {
            Keep(kept, Now);
            BeginStop();
            return;
        }

        if (_folder.IsKept) return;
        // Written down before others are looked for: of two that go at once, one at least sees nobody else.
        if (!_record.IsOver) Save(_record with { IsOver = true });
        var (pod, instance) = (_record.Launch.Pod, _record.Launch.Instance);
        if (!_options.HasOthers(pod, instance) && !_options.Volumes.TryRelease(pod)) return;
        if (!_folder.TryDelete()) return;
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

    private sealed record PreStopDone(KeptProcess Kept, ProbeResult Result);
}
