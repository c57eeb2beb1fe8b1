using System.Collections.Immutable;
using System.Threading.Channels;
using ActorInference.Actors.Generation;
using ActorInference.Actors.Ids;
using ActorInference.Actors.Protocols;
using Akka.Actor;
using Akka.Event;

namespace ActorInference.Roles.Gateway;

/// <summary>
/// One generation, from the request to its last token. Has the router assign a pair of workers, has the decode worker keep
/// room, has the prefill worker begin, passes on tokens. A worker that is lost or late ends the attempt; the next one goes
/// on after the tokens that the client has. Stops when the generation ends.
/// </summary>
public sealed class GenerationActor : ReceiveActor, IWithTimers
{
    private static readonly TimeSpan DeadlineCheck = TimeSpan.FromMilliseconds(250);

    private readonly GenerationRequest _request;
    private readonly ChannelWriter<GenerationUpdate> _updates;
    private readonly IActorRef _router;
    private readonly GenerationOptions _options;
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly OutputSequence _output = new();
    private readonly Action<TokenGenerated> _emit;
    private AttemptId _attempt;
    private Phase _phase;
    private TimeSpan _phaseDeadline;
    private TimeSpan _lastSign;
    private RouterProtocol.AssignedWorker? _prefill;
    private RouterProtocol.AssignedWorker? _decode;
    private ImmutableHashSet<WorkerId> _avoid = [];
    private ImmutableHashSet<WorkerId> _exclude = [];
    private int _redispatches;
    private bool _ended;

    public GenerationActor(GenerationRequest request, ChannelWriter<GenerationUpdate> updates, IActorRef router, GenerationOptions options)
    {
        (_request, _updates, _router, _options) = (request, updates, router, options);
        _attempt = new AttemptId(request.Id, 0);
        _emit = token => _updates.TryWrite(token);
        Receive<RouterProtocol.Assigned>(Reserve);
        Receive<RouterProtocol.Overloaded>(overloaded => FailIfPresent(overloaded.Attempt, GenerationError.Overloaded, overloaded.Message));
        Receive<GenerationProtocol.IFromWorker>(message => message.Attempt != _attempt, _ => { });
        Receive<GenerationProtocol.TokenChosen>(TakeToken);
        Receive<GenerationProtocol.Granted>(StartPrefill);
        Receive<GenerationProtocol.Progressed>(_ => _lastSign = Now);
        Receive<GenerationProtocol.Completed>(TakeEnd);
        Receive<GenerationProtocol.Refused>(TryOthers);
        Receive<GenerationProtocol.Rejected>(rejected => Fail(GenerationError.InvalidRequest, rejected.Message));
        Receive<GenerationProtocol.Failed>(failed => Fail(GenerationError.Internal, failed.Message));
        Receive<GenerationProtocol.Lost>(lost => Redispatch(lost.Worker, GenerationError.Unavailable, lost.Message));
        Receive<Terminated>(HandleTerminated);
        Receive<CheckDeadline>(_ => RedispatchIfLate());
        Receive<GatewayProtocol.Cancel>(_ => End(new GenerationFinished(FinishReason.Aborted, null, _redispatches)));
    }

    private enum Phase
    {
        Assigning,
        Reserving,
        Prefilling,
        Decoding,
    }

    public ITimerScheduler Timers { get; set; } = null!;

    private static TimeSpan Now => Context.System.Scheduler.MonotonicClock;

    public static Props Props(GenerationRequest request, ChannelWriter<GenerationUpdate> updates, IActorRef router, GenerationOptions options) =>
        Akka.Actor.Props.Create(() => new GenerationActor(request, updates, router, options));

    protected override void PreStart()
    {
        Timers.StartPeriodicTimer(nameof(CheckDeadline), CheckDeadline.Instance, DeadlineCheck);
        BeginAttempt();
    }

    protected override void PostStop()
    {
        if (_ended) return;
        ReleaseWorkers();
        _updates.TryWrite(new GenerationFailed(GenerationError.Internal, "The gateway stopped before the generation ended."));
        _updates.TryComplete();
    }

    private void BeginAttempt()
    {
        _output.BeginAttempt();
        Enter(Phase.Assigning, _options.AssignDeadline);
        _router.Tell(new RouterProtocol.Assign(_attempt, _request.PromptIds.Length + _output.Count, _avoid, _exclude));
    }

    private void Enter(Phase phase, TimeSpan deadline) => (_phase, _phaseDeadline, _lastSign) = (phase, deadline, Now);

    private void Reserve(RouterProtocol.Assigned assigned)
    {
        if (assigned.Attempt != _attempt || _phase != Phase.Assigning) return;
        (_prefill, _decode) = (assigned.Prefill, assigned.Decode);
        Context.Watch(_prefill.Actor);
        Context.Watch(_decode.Actor);
        Enter(Phase.Reserving, _options.ReserveDeadline);
        _decode.Actor.Tell(new DecodeProtocol.Reserve(_attempt, _request.PromptIds, _output.ToImmutable(), _request.Sampling, Self, _request.CacheSalt));
    }

    private void StartPrefill(GenerationProtocol.Granted granted)
    {
        if (_phase != Phase.Reserving) return;
        Enter(Phase.Prefilling, _options.PrefillDeadline);
        _prefill!.Actor.Tell(new PrefillProtocol.Start(
            _attempt, _request.PromptIds, _output.ToImmutable(), _request.Sampling, granted.PageTarget, Self, _request.CacheSalt));
    }

    private void TakeToken(GenerationProtocol.TokenChosen token)
    {
        if (_phase == Phase.Prefilling) Enter(Phase.Decoding, _options.TokenDeadline);
        _lastSign = Now;
        _output.Add(token, _emit);
        EndIfComplete();
    }

    private void TakeEnd(GenerationProtocol.Completed completed)
    {
        _output.Complete(completed);
        EndIfComplete();
    }

    private void EndIfComplete()
    {
        if (_output.Ending is { } ending) End(new GenerationFinished(ending.Reason, ending.MatchedTokenId, _redispatches));
    }

    private void TryOthers(GenerationProtocol.Refused refused)
    {
        _exclude = _exclude.Add(refused.Worker);
        BeginNextAttempt();
    }

    private void HandleTerminated(Terminated terminated)
    {
        var lost = terminated.ActorRef.Equals(_prefill?.Actor) ? _prefill
            : terminated.ActorRef.Equals(_decode?.Actor) ? _decode
            : null;
        if (lost is null) return;
        if (lost == _prefill && _output.DecodeHasBegun) return;   // It has handed everything over.
        Redispatch(lost.Worker, GenerationError.Unavailable, $"Worker {lost.Worker} is gone.");
    }

    private void RedispatchIfLate()
    {
        if (Now - _lastSign <= _phaseDeadline) return;
        if (_phase == Phase.Assigning)
        {
            Fail(GenerationError.Unavailable, $"No worker for prefill and decode was there within {_phaseDeadline.TotalSeconds:0.#} s.");
            return;
        }

        var late = _phase == Phase.Prefilling ? _prefill! : _decode!;
        Redispatch(late.Worker, GenerationError.TimedOut, $"Worker {late.Worker} gave no sign for {_phaseDeadline.TotalSeconds:0.#} s while {_phase.ToString().ToLowerInvariant()}.");
    }

    private void Redispatch(WorkerId worker, GenerationError error, string reason)
    {
        if (_redispatches++ >= _options.MaxRedispatches)
        {
            Fail(error, $"{reason} It was the last of {_redispatches} tries.");
            return;
        }

        _log.Info("Generation {0} goes to other workers after {1} tokens: {2}", _request.Id, _output.Count, reason);
        _avoid = _avoid.Add(worker);
        BeginNextAttempt();
    }

    private void BeginNextAttempt()
    {
        ReleaseWorkers();
        _attempt = _attempt.Next();
        BeginAttempt();
    }

    private void ReleaseWorkers()
    {
        foreach (var worker in new[] { _prefill, _decode })
        {
            if (worker is null) continue;
            worker.Actor.Tell(new WorkerProtocol.Cancel(_attempt));
            Context.Unwatch(worker.Actor);
        }

        (_prefill, _decode) = (null, null);
    }

    private void FailIfPresent(AttemptId attempt, GenerationError error, string message)
    {
        if (attempt == _attempt) Fail(error, message);
    }

    private void Fail(GenerationError error, string message) => End(new GenerationFailed(error, message));

    private void End(GenerationUpdate last)
    {
        _ended = true;
        ReleaseWorkers();
        _router.Tell(new RouterProtocol.Release(_attempt));
        _updates.TryWrite(last);
        _updates.TryComplete();
        Become(() => ReceiveAny(_ => { }));
        Context.Stop(Self);
    }

    private sealed record CheckDeadline
    {
        public static readonly CheckDeadline Instance = new();
    }
}
