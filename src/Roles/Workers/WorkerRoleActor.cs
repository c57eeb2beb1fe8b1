using ActorInference.Actors.Ids;
using ActorInference.Actors.Protocols;
using ActorInference.Actors.Supervision;
using Akka.Actor;
using Akka.Event;

namespace ActorInference.Roles.Workers;

/// <summary>
/// What prefill and decode have in common: takes jobs up to a limit, gives them to the GPU worker that it supervises, and
/// answers for them. When the GPU worker begins again, jobs that nobody has seen anything of are given to it anew, and
/// the generations of the others are told that they were lost.
/// </summary>
/// <typeparam name="TJob">The role's job message.</typeparam>
public abstract class WorkerRoleActor<TJob> : ReceiveActor, IWithTimers
    where TJob : class, IWorkerJob
{
    private readonly WorkerRoleOptions _options;
    private readonly WorkerRole _role;
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly JobLedger _jobs = new();
    private IActorRef _gpuWorker = ActorRefs.Nobody;
    private Guid? _incarnation;
    private int _starts;

    protected WorkerRoleActor(WorkerRole role, WorkerRoleOptions options)
    {
        (_role, _options) = (role, options);
        Receive<TJob>(Take);
        Receive<WorkerProtocol.Cancel>(cancel => Cancel(cancel.Attempt));
        Receive<WorkerProtocol.Ready>(GiveOut);
        Receive<WorkerProtocol.Began>(began => _jobs.MarkBegun(began.Attempt));
        Receive<WorkerProtocol.Ended>(ended => Remove(ended.Attempt));
        Receive<WorkerProtocol.FlushCache>(flush => _gpuWorker.Forward(flush));
        Receive<WorkerProtocol.GetStatus>(_ => Sender.Tell(Status()));
        Receive<Terminated>(terminated => HandleTerminated(terminated.ActorRef));
        Receive<Report>(_ => TellRouter());
    }

    public ITimerScheduler Timers { get; set; } = null!;

    protected override SupervisorStrategy SupervisorStrategy() => SupervisionStrategies.ForGpuWorker();

    protected override void PreStart()
    {
        _gpuWorker = Context.Watch(Context.ActorOf(_options.GpuWorker, "gpu"));
        Timers.StartPeriodicTimer(nameof(Report), Report.Instance, _options.ReportInterval);
    }

    protected override void PostStop()
    {
        foreach (var job in _jobs.All()) TellLost(job, $"Worker {_options.Worker} has stopped.");
        base.PostStop();
    }

    private void Take(TJob job)
    {
        if (_jobs.Count >= _options.MaxJobs)
        {
            job.ReplyTo.Tell(new GenerationProtocol.Refused(job.Attempt, _options.Worker, $"Worker {_options.Worker} has {_jobs.Count} jobs, as many as it takes."));
            return;
        }

        if (!_jobs.TryAdd(job)) return;
        if (_jobs.JobsOf(job.ReplyTo) == 1) Context.Watch(job.ReplyTo);
        if (_incarnation is { } incarnation) _gpuWorker.Tell(new WorkerProtocol.Run(incarnation, job));
    }

    private void Cancel(AttemptId attempt)
    {
        if (Remove(attempt)) _gpuWorker.Tell(new WorkerProtocol.Cancel(attempt));
    }

    private bool Remove(AttemptId attempt)
    {
        if (_jobs.Remove(attempt) is not { } job) return false;
        if (_jobs.JobsOf(job.ReplyTo) == 0) Context.Unwatch(job.ReplyTo);
        return true;
    }

    private void GiveOut(WorkerProtocol.Ready ready)
    {
        if (_starts++ > 0) _log.Warning("The GPU worker of {0} has begun again with {1} jobs, {2} of them lost.", _options.Worker, _jobs.Count, _jobs.Begun().Count);
        _incarnation = ready.Incarnation;
        foreach (var job in _jobs.Begun())
        {
            Remove(job.Attempt);
            TellLost(job, $"The GPU worker of {_options.Worker} failed.");
        }

        foreach (var job in _jobs.NotBegun()) _gpuWorker.Tell(new WorkerProtocol.Run(ready.Incarnation, job));
        TellRouter();
    }

    private void HandleTerminated(IActorRef actor)
    {
        if (actor.Equals(_gpuWorker)) throw new WorkerStoppedException(_options.Worker);
        foreach (var job in _jobs.Of(actor)) Cancel(job.Attempt);
    }

    private void TellLost(IWorkerJob job, string message) =>
        job.ReplyTo.Tell(new GenerationProtocol.Lost(job.Attempt, _options.Worker, message));

    private void TellRouter()
    {
        if (_incarnation is not null)
            _options.Router.Tell(new RouterProtocol.WorkerReport(_options.Worker, _role, Self, _jobs.Count, _jobs.PendingTokens, _options.Format));
    }

    private WorkerProtocol.Status Status() =>
        new(_options.Worker, _role, _incarnation is not null, _jobs.Count, Math.Max(0, _starts - 1), _gpuWorker);

    private sealed record Report
    {
        public static readonly Report Instance = new();
    }
}
