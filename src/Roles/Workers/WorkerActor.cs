using ActorInference.Actors.Ids;
using ActorInference.Actors.Protocols;
using ActorInference.Actors.Supervision;
using Akka.Actor;
using Akka.Event;
using Akka.Remote;

namespace ActorInference.Roles.Workers;

/// <summary>
/// One worker, whatever it serves at the time: takes jobs up to a limit, gives them to the GPU worker that it supervises, and
/// answers for them. Routers hear of it once it has rehearsed. When the GPU worker begins again, jobs that nobody has seen anything of are given to it anew, and the
/// generations of the others are told that they were lost. Its role is what the router gives it work by; it may change at
/// any time, and what it has it finishes.
/// </summary>
public sealed class WorkerActor : ReceiveActor, IWithTimers
{
    private readonly WorkerRoleOptions _options;
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly JobLedger _jobs = new();
    private readonly Drain _drain = new();
    private IActorRef _gpuWorker = ActorRefs.Nobody;
    private IActorRef _rehearsal = ActorRefs.Nobody;
    private WorkerRole _role;
    private Guid? _incarnation;
    private int _starts;
    private bool _isRehearsed;

    public WorkerActor(WorkerRoleOptions options)
    {
        (_options, _role, _isRehearsed) = (options, options.Role, options.Rehearsal is null);
        Receive<IWorkerJob>(Take);
        Receive<PrefillProtocol.Deliver>(Address);
        Receive<WorkerProtocol.Cancel>(cancel => Cancel(cancel.Attempt));
        Receive<WorkerProtocol.Ready>(GiveOut);
        Receive<WorkerProtocol.BeginsAgain>(AwaitBegin);
        Receive<WorkerProtocol.Began>(began => _jobs.MarkBegun(began.Attempt));
        Receive<WorkerProtocol.Ended>(HandleEnded);
        Receive<WorkerProtocol.FlushCache>(flush => _gpuWorker.Forward(flush));
        Receive<WorkerProtocol.SetStorage>(set => _gpuWorker.Forward(set));
        Receive<RouterProtocol.GetPrefixes>(TellPrefixes);
        Receive<WorkerProtocol.GetStatus>(_ => Sender.Tell(Status()));
        Receive<WorkerProtocol.SetRole>(SetRole);
        Receive<WorkerProtocol.Drain>(BeginDrain);
        Receive<WorkerProtocol.Resume>(_ => EndDrain());
        Receive<Terminated>(terminated => HandleTerminated(terminated.ActorRef));
        Receive<DisassociatedEvent>(lost => HandleLostPeer(lost.RemoteAddress));
        Receive<GraceOver>(_ => GiveUpJobs());
        Receive<Report>(_ => TellRouterAndGenerations());
    }

    public ITimerScheduler Timers { get; set; } = null!;

    /// <summary>Whether routers may give it work.</summary>
    private bool IsReady => _incarnation is not null && _isRehearsed;

    public static Props Props(WorkerRoleOptions options) => Akka.Actor.Props.Create(() => new WorkerActor(options));

    protected override SupervisorStrategy SupervisorStrategy() => SupervisionStrategies.ForGpuWorker();

    protected override void PreStart()
    {
        _gpuWorker = Context.Watch(Context.ActorOf(_options.GpuWorker, "gpu"));
        Timers.StartPeriodicTimer(nameof(Report), Report.Instance, _options.ReportInterval);
        Context.System.EventStream.Subscribe(Self, typeof(DisassociatedEvent));
    }

    protected override void PostStop()
    {
        Context.System.EventStream.Unsubscribe(Self);
        foreach (var job in _jobs.All()) TellLost(job, $"Worker {_options.Worker} has stopped.");
        base.PostStop();
    }

    private void Take(IWorkerJob job)
    {
        if (_drain.IsOn)
        {
            job.ReplyTo.Tell(new GenerationProtocol.Refused(job.Attempt, _options.Worker, $"Worker {_options.Worker} takes no more jobs."));
            return;
        }

        if (_jobs.Count >= _options.MaxJobs)
        {
            job.ReplyTo.Tell(new GenerationProtocol.Refused(job.Attempt, _options.Worker, $"Worker {_options.Worker} has {_jobs.Count} jobs, as many as it takes."));
            return;
        }

        if (!_jobs.TryAdd(job)) return;
        if (_jobs.JobsOf(job.ReplyTo) == 1) Context.Watch(job.ReplyTo);
        _options.Prefetch?.Queue(job);
        if (_incarnation is { } incarnation) GiveOut(job, incarnation);
        else TellStage(job, GenerationProtocol.JobStage.Waiting);
    }

    /// <summary>Noted here too, for a GPU worker that begins again before it has begun the job.</summary>
    private void Address(PrefillProtocol.Deliver deliver)
    {
        if (_jobs.TryAddress(deliver)) _gpuWorker.Tell(deliver);
    }

    private void Cancel(AttemptId attempt)
    {
        if (Remove(attempt)) _gpuWorker.Tell(new WorkerProtocol.Cancel(attempt));
    }

    private void HandleEnded(WorkerProtocol.Ended ended)
    {
        Remove(ended.Attempt);
        // Its pages are back by now, which one who waits for that need not wait a report for.
        if (_jobs.Count == 0) TellRouter();
    }

    private bool Remove(AttemptId attempt)
    {
        if (_jobs.Remove(attempt) is not { } job) return false;
        if (_jobs.JobsOf(job.ReplyTo) == 0) Context.Unwatch(job.ReplyTo);
        if (_jobs.Count == 0) TellDrained();
        return true;
    }

    private void GiveOut(WorkerProtocol.Ready ready)
    {
        LoseBegun();
        if (_starts++ > 0) _log.Warning("The GPU worker of {0} has begun again; {1} jobs have waited for it.", _options.Worker, _jobs.Count);
        _incarnation = ready.Incarnation;
        foreach (var job in _jobs.NotBegun()) GiveOut(job, ready.Incarnation);
        Rehearse();
        TellRouter();
    }

    private void GiveOut(IWorkerJob job, Guid incarnation) =>
        _gpuWorker.Tell(new WorkerProtocol.Run(incarnation, job) { ReceivedAt = _jobs.ReceivedAt(job.Attempt) });

    /// <summary>Once: a GPU worker that begins again finds connections and memory as they were.</summary>
    private void Rehearse()
    {
        if (_isRehearsed || !_rehearsal.IsNobody() || _options.Rehearsal is not { } rehearsal) return;
        _rehearsal = Context.Watch(Context.ActorOf(rehearsal, "rehearsal"));
    }

    /// <summary>Its start can take long: what was begun goes on elsewhere, and the rest is told that it waits.</summary>
    private void AwaitBegin(WorkerProtocol.BeginsAgain failed)
    {
        if (_incarnation != failed.Incarnation) return;
        _log.Warning("The GPU worker of {0} has failed with {1} jobs, {2} of them lost.", _options.Worker, _jobs.Count, _jobs.Begun().Count);
        _incarnation = null;
        LoseBegun();
    }

    private void LoseBegun()
    {
        foreach (var job in _jobs.Begun())
        {
            Remove(job.Attempt);
            TellLost(job, $"The GPU worker of {_options.Worker} failed.");
        }
    }

    private void HandleTerminated(IActorRef actor)
    {
        if (actor.Equals(_gpuWorker)) throw new WorkerStoppedException(_options.Worker);
        if (actor.Equals(_rehearsal))
        {
            _isRehearsed = true;
            TellRouter();
            return;
        }

        foreach (var job in _jobs.Of(actor)) Cancel(job.Attempt);
    }

    /// <summary>
    /// A process is gone, or cannot be reached. Gateways there give their generations up or have others go on with them, so
    /// nobody waits for these jobs, and nobody takes the pages that were sent there.
    /// </summary>
    private void HandleLostPeer(Address peer)
    {
        foreach (var job in _jobs.All().Where(job => job.ReplyTo.Path.Address.Equals(peer))) Cancel(job.Attempt);
        _gpuWorker.Tell(new WorkerProtocol.PeerLost(peer));
    }

    private void SetRole(WorkerProtocol.SetRole set)
    {
        var before = _role;
        _role = set.Role;
        Sender.Tell(new WorkerProtocol.RoleSet(_options.Worker, _role, before));
        if (before == _role) return;
        _log.Info("Worker {0} serves {1} from now on, and no longer {2}; it has {3} jobs.", _options.Worker, _role.Name(), before.Name(), _jobs.Count);
        TellRouter();
    }

    private void BeginDrain(WorkerProtocol.Drain drain)
    {
        _log.Info("Worker {0} takes no more jobs; it has {1}, and {2} to finish them.", _options.Worker, _jobs.Count, drain.Grace);
        _drain.Begin(Sender);
        TellRouter();
        if (_jobs.Count == 0) TellDrained();
        else if (drain.Grace <= TimeSpan.Zero) GiveUpJobs();
        else Timers.StartSingleTimer(nameof(GraceOver), GraceOver.Instance, drain.Grace);
    }

    private void EndDrain()
    {
        Timers.Cancel(nameof(GraceOver));
        foreach (var waiting in _drain.End()) waiting.Tell(new WorkerProtocol.Resumed(_options.Worker));
        Sender.Tell(new WorkerProtocol.Resumed(_options.Worker));
        TellRouter();
    }

    private void GiveUpJobs()
    {
        if (!_drain.IsOn) return;
        foreach (var job in _jobs.All())
        {
            _drain.HandedOver++;
            TellLost(job, $"Worker {_options.Worker} leaves.");
            Cancel(job.Attempt);
        }
    }

    private void TellDrained()
    {
        if (!_drain.IsOn) return;
        Timers.Cancel(nameof(GraceOver));
        foreach (var waiting in _drain.TakeWaiting()) waiting.Tell(new WorkerProtocol.Drained(_options.Worker, _drain.HandedOver));
    }

    private void TellLost(IWorkerJob job, string message) =>
        job.ReplyTo.Tell(new GenerationProtocol.Lost(job.Attempt, _options.Worker, message));

    private void TellStage(IWorkerJob job, GenerationProtocol.JobStage stage) =>
        job.ReplyTo.Tell(new GenerationProtocol.Progressed(job.Attempt) { Stage = stage, Worker = _options.Worker });

    private void TellRouterAndGenerations()
    {
        TellRouter();
        var age = _options.Pulse.StepAge;
        var isBusy = age >= _options.ReportInterval && age < _options.StepDeadline;
        if (_incarnation is not null && !isBusy) return;

        // The GPU worker cannot say so itself.
        var stage = isBusy ? GenerationProtocol.JobStage.Busy : GenerationProtocol.JobStage.Waiting;
        foreach (var job in _jobs.All()) TellStage(job, stage);
    }

    private void TellRouter()
    {
        if (!IsReady) return;
        var pulse = _options.Pulse;
        _options.Router.Tell(new RouterProtocol.WorkerReport(_options.Worker, _role, Self, _jobs.Count, _jobs.PendingTokens, _options.Format)
        {
            Protocol = ProtocolVersion.Current,
            Draining = _drain.IsOn,
            CapacityPages = pulse.CapacityPages,
            UsedPages = pulse.UsedPages,
            CachedPages = pulse.CachedPages,
            HeldPages = pulse.HeldPages,
            Prefixes = _options.Prefixes?.Mark,
        });
    }

    /// <summary>To one router of perhaps several, each of which knows something else.</summary>
    private void TellPrefixes(RouterProtocol.GetPrefixes question)
    {
        if (_options.Prefixes is { } journal) Sender.Tell(journal.Read(_options.Worker, question));
    }

    private WorkerProtocol.Status Status() =>
        new(_options.Worker, _role, IsReady, _jobs.Count, Math.Max(0, _starts - 1), _gpuWorker);

    private sealed record Report
    {
        public static readonly Report Instance = new();
    }

    private sealed record GraceOver
    {
        public static readonly GraceOver Instance = new();
    }
}
