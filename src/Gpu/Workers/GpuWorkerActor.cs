using System.Diagnostics;
using ActorInference.Actors.Ids;
using ActorInference.Actors.Kv;
using ActorInference.Actors.Protocols;
using ActorInference.Gpu.Constraints;
using ActorInference.Gpu.Cpu;
using ActorInference.Gpu.Engine;
using ActorInference.Gpu.Kv;
using Akka.Actor;
using Akka.Event;

namespace ActorInference.Gpu.Workers;

/// <summary>
/// One device: the only one that touches its runner. Runs on a thread of its own, one engine step after another, with
/// whatever has arrived taken in between two steps. Its parent gives it jobs and hears how they end; the generations
/// hear of everything else. When it stops or restarts, every page that it held is back in the pool.
/// </summary>
public sealed partial class GpuWorkerActor : ReceiveActor, IWithTimers
{
    /// <summary>How soon an engine that waits for pages looks again: others release them without telling.</summary>
    private static readonly TimeSpan StarvedRetry = TimeSpan.FromMilliseconds(5);

    private readonly GpuWorkerOptions _options;
    private readonly Guid _incarnation = Guid.NewGuid();
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly JobTable _jobs = new();
    private readonly HashSet<IActorRef> _watched = [];
    private readonly Events _events;
    private IModelRunner _runner = null!;
    private InferenceEngine _engine = null!;
    private PageTransit _transit = null!;
    private AheadQueue _ahead = null!;
    private IPrefixCache? _cache;
    private readonly Dictionary<AttemptId, IWorkerJob> _fetching = [];
    private readonly JobTraces _traces;
    private readonly SaltedNamespaces _spaces;
    private readonly WorkerConstraints _constraints;
    private StepLog? _steps;
    private bool _stepIsDue;
    private bool _prepareIsDue;

    public GpuWorkerActor(GpuWorkerOptions options)
    {
        _options = options;
        _events = new Events(this);
        _traces = new JobTraces(options.Worker);
        _spaces = new SaltedNamespaces(options.Namespace, options.OnSpace);
        _constraints = new WorkerConstraints(options.Vocabulary);
        Receive<Step>(_ => RunStep());
        Receive<Prepare>(_ => PrepareSome());
        Receive<WorkerProtocol.Run>(Take);
        Receive<PrefillProtocol.Deliver>(Address);
        Receive<WorkerProtocol.Cancel>(cancel => Cancel(cancel.Attempt));
        Receive<WorkerProtocol.PeerLost>(lost => Forget(lost.Peer));
        Receive<KvTransferProtocol.KvPages>(Land);
        Receive<KvTransferProtocol.PagesLanded>(landed => ReleaseTransfer(landed.Transfer));
        Receive<KvTransferProtocol.PagesRefused>(refused => ReleaseTransfer(refused.Transfer));
        Receive<KvTransferProtocol.FetchFailed>(failed => LoseIfHere(failed.Attempt, failed.Message));
        Receive<Terminated>(terminated => Forget(terminated.ActorRef));
        Receive<Prefetched>(prefetched => Fetched(prefetched.Attempt));
        Receive<Constrained>(OnConstrained);
        Receive<WorkerProtocol.FlushCache>(_ => Flush());
        Receive<WorkerProtocol.SetStorage>(set => Sender.Tell(SetStorage(set.IsAttached)));
        Receive<Sweep>(_ => SweepTransit());
        Receive<GiveSigns>(_ => TellSigns());
        Receive<MayBegin>(_ => BeginAhead());
        Receive<PartLost>(lost => Fail(lost));
    }

    public ITimerScheduler Timers { get; set; } = null!;

    private KvPagePool Pool => _runner.Pages;

    public static Props Props(GpuWorkerOptions options) =>
        Akka.Actor.Props.Create(() => new GpuWorkerActor(options)).WithDispatcher(GpuWorkerOptions.Dispatcher);

    protected override void PreStart()
    {
        ThreadTurn.TryTake(_options.Engine.Turn);   // Before the runner's threads begin, which follow this one.
        _steps = _options.StepLogPath is { } path ? new StepLog(path) : null;
        _runner = _options.CreateRunner();
        _transit = new PageTransit(Pool, TimeProvider.System);
        _ahead = new AheadQueue(_options.AheadPages(_runner));
        _cache = _options.CreateCache?.Invoke(_runner);
        while (_options.IsPreparedFirst && _runner.TryPrepare())
        {
        }

        _engine = new InferenceEngine(_runner, _options.Engine with { SecondsPerPromptToken = WarmUp() }, _events, TimeProvider.System, _cache, _options.Tier);
        _options.Pulse.Attach(Pool);
        Timers.StartPeriodicTimer(nameof(Sweep), Sweep.Instance, _options.TransferDeadline / 4);
        Timers.StartPeriodicTimer(nameof(GiveSigns), GiveSigns.Instance, _options.SignInterval);
        WatchParts();
        PrepareSoon();
        Context.Parent.Tell(new WorkerProtocol.Ready(_incarnation, _engine.MaxSequenceTokens));
    }

    /// <summary>In an upgrade nobody waits for its first steps.</summary>
    /// <returns>Seconds that a token of a prompt takes; 0 if that is not known.</returns>
    private double WarmUp()
    {
        if (_options.WarmUpTokens == 0) return 0;
        var pace = EngineWarmUp.Run(_runner, _options.WarmUpTokens);
        using var tiers = _options.CreateWarmUpTiers?.Invoke(_runner);
        if (tiers is not null) EngineWarmUp.RunCached(_runner, tiers.Cache, tiers.Tier);
        return pace;
    }

    protected override void PreRestart(Exception reason, object message)
    {
        Context.Parent.Tell(new WorkerProtocol.BeginsAgain(_incarnation));
        _traces.FailAll($"The GPU worker failed: {reason.Message}");
        base.PreRestart(reason, message);
    }

    /// <summary>Called on stop, and through PreRestart on restart.</summary>
    protected override void PostStop()
    {
        // Where PreStart failed there is nothing yet.
        _engine?.ReleaseAll();
        foreach (var job in _jobs.All) job.Outbox?.Release();
        _cache?.Clear();
        _transit?.ReleaseAll();
        _traces.FailAll("The GPU worker has stopped.");
        _options.Pulse.SetPages(held: 0, cached: 0);
        _runner?.Dispose();
        _steps?.Dispose();
        base.PostStop();
    }

    /// <summary>What the runner has elsewhere may be lost while there is nothing to compute.</summary>
    private void WatchParts()
    {
        if (_runner is not IRunnerWithParts runner) return;
        var incarnation = _incarnation;
        runner.Lost.PipeTo(Self, Self, reason => new PartLost(incarnation, reason));
    }

    private void Fail(PartLost lost)
    {
        if (lost.Incarnation == _incarnation) throw lost.Reason;
    }

    private void Flush()
    {
        _cache?.Clear();
        _options.Tier?.Clear();
        Sender.Tell(WorkerProtocol.CacheFlushed.Instance);
    }

    /// <summary>The tiers are shared by the workers of a process: what one sets holds for all.</summary>
    private WorkerProtocol.StorageSet SetStorage(bool isAttached)
    {
        if (_options.Prefetch is not { } storage) return new WorkerProtocol.StorageSet(_options.Worker, IsKnown: false, IsAttached: false);
        var isKnown = storage.TrySetAttached(isAttached);
        return new WorkerProtocol.StorageSet(_options.Worker, isKnown, storage.IsAttached);
    }

    private void Add(IWorkerJob job)
    {
        if (job is PrefillProtocol.Start { PageTarget: null } start && !_ahead.TryBegin(start, PagesOf(start)))
        {
            TellStage(job, GenerationProtocol.JobStage.AwaitingGrant);
            _traces.Find(job.Attempt)?.Enter(JobPhases.AwaitGrant);
            return;
        }

        Begin(job);
    }

    private int PagesOf(PrefillProtocol.Start job) => Pool.Layout.PagesFor(job.PromptIds.Length + job.OutputIds.Length);

    private void Begin(IWorkerJob job)
    {
        var trace = _traces.Find(job.Attempt);
        if (job is not DecodeProtocol.Reserve) trace?.Enter(JobPhases.Queued);
        try
        {
            var id = _engine.Add(new SequenceSpec(job.PromptIds, job.OutputIds, job.Sampling, ModeOf(job))
            {
                Space = _spaces.Of(job.CacheSalt),
                Priority = job.Priority,
                Constraint = job.Sampling.Constraint is { } constraint ? _constraints.Take(constraint) : null,
            });
            _jobs.Add(new ActiveJob(job, id) { Trace = trace, Outbox = job is PrefillProtocol.Start start ? Outbox(start) : null });
        }
        catch (Exception invalid) when (invalid is ArgumentException or ConstraintFormatException)
        {
            Reject(job, invalid.Message);
            return;
        }

        StepSoon();
    }

    private void Reject(IWorkerJob job, string reason)
    {
        job.ReplyTo.Tell(new GenerationProtocol.Rejected(job.Attempt, reason));
        _traces.Fail(job.Attempt, "rejected", reason);
        TellEnded(job.Attempt);
    }

    private static SequenceMode ModeOf(IWorkerJob job) => job switch
    {
        PrefillProtocol.Start => SequenceMode.Prefill,
        DecodeProtocol.Reserve => SequenceMode.Decode,
        DecodeProtocol.Generate => SequenceMode.Generate,
        _ => throw new ArgumentException($"A GPU worker knows no job {job.GetType().Name}.", nameof(job)),
    };

    private PageOutbox Outbox(PrefillProtocol.Start job)
    {
        var outbox = new PageOutbox(Pool);
        if (job.PageTarget is { } target) outbox.Address(target, job.CachedPages);
        return outbox;
    }

    /// <summary>A decode worker has granted room for a job that had none.</summary>
    private void Address(PrefillProtocol.Deliver deliver)
    {
        if (_fetching.TryGetValue(deliver.Attempt, out var fetching) && fetching is PrefillProtocol.Start start)
        {
            _fetching[deliver.Attempt] = start with { PageTarget = deliver.PageTarget, CachedPages = deliver.CachedPages };
            return;
        }

        _ahead.Settle(deliver.Attempt, out var kept);
        if (kept is not null)
        {
            Begin(kept with { PageTarget = deliver.PageTarget, CachedPages = deliver.CachedPages });
        }
        else if (_jobs.TryGet(deliver.Attempt, out var job) && job.Outbox is { Target: null } outbox)
        {
            outbox.Address(deliver.PageTarget, deliver.CachedPages);
            Ship(job);
        }

        BeginAhead();
    }

    private void BeginAhead()
    {
        while (_ahead.TryTake(PagesOf, out var next)) Begin(next);
    }

    private void Cancel(AttemptId attempt)
    {
        _traces.Find(attempt)?.Cancelled();
        if (_jobs.TryGet(attempt, out var job))
        {
            _engine.Cancel(job.Sequence);
            End(job);
        }
        else if (_ahead.Has(attempt) || _fetching.Remove(attempt))
        {
            TellEnded(attempt);
        }

        StepSoon();   // Its place and pages may be what another waits for.
    }

    private void End(ActiveJob job)
    {
        job.Outbox?.Release();
        if (job.Outbox is null) job.Trace?.Count(job.OutputTokens);
        _jobs.Remove(job);
        TellEnded(job.Job.Attempt);
    }

    private void TellEnded(AttemptId attempt)
    {
        _ahead.Settle(attempt, out _);
        _traces.End(attempt);
        ShowPages();
        Context.Parent.Tell(new WorkerProtocol.Ended(attempt));
        if (_ahead.HasWaiting) Self.Tell(MayBegin.Instance);   // Not at once: this may be within a step of the engine.
    }

    private void RunStep()
    {
        _stepIsDue = false;
        var didWork = true;
        _options.Pulse.BeginStep();
        try
        {
            didWork = ComputeStep();
        }
        finally
        {
            _options.Pulse.EndStep(_engine.SecondsPerPromptToken);
            _events.TellToken();
            // Also after a refused batch, from which the supervisor lets this instance go on.
            if (didWork) StepSoon();
            else if (_engine.HasWork) Timers.StartSingleTimer(nameof(Step), Step.Instance, StarvedRetry);
            else PrepareSoon();
        }
    }

    /// <returns>Whether there was something to compute.</returns>
    private bool ComputeStep()
    {
        if (_steps is null) return _engine.Step().DidWork;
        var began = Stopwatch.GetTimestamp();
        var step = _engine.Step();
        if (!step.DidWork) return false;
        _events.TellToken();
        _steps.Add(new StepSpan(began, _engine.ComputedAt, Stopwatch.GetTimestamp(), step.DecodeTokens, step.PrefillTokens));
        return true;
    }

    private void StepSoon()
    {
        if (_stepIsDue || !_engine.HasWork) return;
        _stepIsDue = true;
        Self.Tell(Step.Instance);
    }

    private void PrepareSoon()
    {
        if (_prepareIsDue) return;
        _prepareIsDue = true;
        Self.Tell(Prepare.Instance);
    }

    /// <summary>In small parts, between which whatever has come is taken in.</summary>
    private void PrepareSome()
    {
        _prepareIsDue = false;
        if (!_engine.HasWork && _runner.TryPrepare()) PrepareSoon();
    }

    private void LoseIfHere(AttemptId attempt, string reason)
    {
        if (!_jobs.TryGet(attempt, out var job)) return;
        _engine.Cancel(job.Sequence);
        job.Job.ReplyTo.Tell(new GenerationProtocol.Lost(attempt, _options.Worker, reason));
        _traces.Fail(attempt, "lost", reason);
        End(job);
        StepSoon();
    }

    private void ShowPages()
    {
        var outgoing = 0;
        foreach (var job in _jobs.All) outgoing += job.Outbox?.HeldPages ?? 0;
        var load = _engine.Load;
        _options.Pulse.SetPages(load.HeldPages + outgoing + _transit.HeldPages, load.CachedPages);
    }

    /// <summary>Who waits for this worker hears that it lives; who waits for another's pages, or grant, does not.</summary>
    private void TellSigns()
    {
        ShowPages();
        foreach (var job in _jobs.All)
        {
            if (!job.AwaitsTarget && !_engine.IsLanding(job.Sequence)) TellStage(job.Job, GenerationProtocol.JobStage.Waiting);
        }

        foreach (var job in _fetching.Values) TellStage(job, GenerationProtocol.JobStage.Waiting);
        foreach (var job in _ahead.Waiting) TellStage(job, GenerationProtocol.JobStage.AwaitingGrant);
    }

    private void TellStage(IWorkerJob job, GenerationProtocol.JobStage stage) =>
        job.ReplyTo.Tell(new GenerationProtocol.Progressed(job.Attempt) { Stage = stage, Worker = _options.Worker });
}
