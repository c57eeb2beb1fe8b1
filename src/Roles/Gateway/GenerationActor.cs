using System.Collections.Immutable;
using System.Threading.Channels;
using ActorInference.Actors.Generation;
using ActorInference.Actors.Ids;
using ActorInference.Actors.Protocols;
using ActorInference.Roles.Router;
using Akka.Actor;
using Akka.Event;

namespace ActorInference.Roles.Gateway;

/// <summary>
/// One generation, from the request to its last token. Has the router assign workers, has the prefill worker begin and the
/// decode worker keep room, each as soon as it can, brings the two together, passes on tokens. A worker that is lost or late
/// ends the attempt; the next one goes on after the tokens that the client has. Stops when the generation ends.
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
    private readonly GenerationTrace? _trace;
    private readonly SignsOfLife _routerSigns;
    private readonly SignsOfLife _prefillSigns;
    private readonly SignsOfLife _decodeSigns;
    private AttemptId _attempt;
    private RouterProtocol.AssignedWorker? _prefill;
    private RouterProtocol.AssignedWorker? _decode;
    private GenerationProtocol.Granted? _granted;
    private ImmutableHashSet<WorkerId> _avoid = [];
    private ImmutableHashSet<WorkerId> _exclude = [];
    private TimeSpan _lastCheck;
    private string? _notPaired;
    private bool _isReserved;
    private int _redispatches;
    private bool _ended;

    public GenerationActor(GenerationRequest request, ChannelWriter<GenerationUpdate> updates, IActorRef router, GenerationOptions options)
    {
        (_request, _updates, _router, _options) = (request, updates, router, options);
        (_routerSigns, _prefillSigns, _decodeSigns) = (new(options.AssignDeadline), new(options.QueueDeadline), new(options.QueueDeadline));
        _attempt = new AttemptId(request.Id, 0);
        _emit = token => _updates.TryWrite(token);
        _trace = request.Trace is { } trace ? new GenerationTrace(trace) : null;
        Receive<RouterProtocol.Assigned>(Begin);
        Receive<RouterProtocol.Overloaded>(overloaded => FailIfPresent(overloaded.Attempt, GenerationError.Overloaded, overloaded.Message));
        Receive<GatewayProtocol.NotPaired>(none => _notPaired = none.Attempt == _attempt ? none.Reason : _notPaired);
        Receive<GenerationProtocol.IFromWorker>(message => message.Attempt != _attempt, _ => { });
        Receive<GenerationProtocol.TokenChosen>(TakeToken);
        Receive<GenerationProtocol.Granted>(TakeGrant);
        Receive<GenerationProtocol.Progressed>(TakeSign);
        Receive<GenerationProtocol.Completed>(TakeEnd);
        Receive<GenerationProtocol.Refused>(TryOthers);
        Receive<GenerationProtocol.Rejected>(rejected => Fail(GenerationError.InvalidRequest, rejected.Message));
        Receive<GenerationProtocol.Failed>(failed => Fail(GenerationError.Internal, failed.Message));
        Receive<GenerationProtocol.Lost>(HandleLost);
        Receive<Terminated>(HandleTerminated);
        Receive<CheckDeadline>(_ => RedispatchIfLate());
        Receive<GatewayProtocol.Cancel>(_ => End(new GenerationFinished(FinishReason.Aborted, null, _redispatches)));
    }

    public ITimerScheduler Timers { get; set; } = null!;

    private static TimeSpan Now => Context.System.Scheduler.MonotonicClock;

    /// <summary>Whether the attempt's first token, which comes from prefill, is out.</summary>
    private bool PrefillHasEnded => _output.AttemptCount > 0;

    public static Props Props(GenerationRequest request, ChannelWriter<GenerationUpdate> updates, IActorRef router, GenerationOptions options) =>
        Akka.Actor.Props.Create(() => new GenerationActor(request, updates, router, options));

    protected override void PreStart()
    {
        _lastCheck = Now;
        Timers.StartPeriodicTimer(nameof(CheckDeadline), CheckDeadline.Instance, DeadlineCheck);
        BeginAttempt();
    }

    protected override void PostStop()
    {
        if (_ended) return;
        ReleaseWorkers();
        var failed = new GenerationFailed(GenerationError.Internal, "The gateway stopped before the generation ended.");
        _trace?.End(failed);
        _updates.TryWrite(failed);
        _updates.TryComplete();
    }

    private void BeginAttempt()
    {
        _output.BeginAttempt();
        _trace?.BeginAttempt(_attempt, _output.Count);
        _notPaired = null;
        _routerSigns.Expect(_options.AssignDeadline);
        _router.Tell(new RouterProtocol.Assign(_attempt, _request.PromptIds.Length + _output.Count, _avoid, _exclude) { Blocks = Blocks() });
    }

    /// <summary>Of the prompt and the tokens that the client has.</summary>
    private ImmutableArray<ulong> Blocks() => PrefixBlocks.Of(
        _request.CacheSalt, _output.Count == 0 ? _request.PromptIds.AsSpan() : [.. _request.PromptIds, .. _output.ToImmutable()], _options.PrefixBlockTokens);

    private void Begin(RouterProtocol.Assigned assigned)
    {
        if (assigned.Attempt != _attempt || _decode is not null) return;
        _routerSigns.Rest();
        _trace?.Assigned(assigned.Prefill.Worker, assigned.Decode.Worker);
        _decode = assigned.Decode;
        Context.Watch(_decode.Actor);
        if (assigned.Prefill.Worker == assigned.Decode.Worker)
        {
            GenerateThere(_decode);
            return;
        }

        _prefill = assigned.Prefill;
        Context.Watch(_prefill.Actor);
        if (_prefill.Protocol >= ProtocolVersion.LateGrant) StartPrefill();
        else Reserve();
    }

    private void GenerateThere(RouterProtocol.AssignedWorker worker)
    {
        _decodeSigns.Expect(_options.ReserveDeadline);
        worker.Actor.Tell(new DecodeProtocol.Generate(_attempt, _request.PromptIds, _output.ToImmutable(), _request.Sampling, Self)
        {
            CacheSalt = _request.CacheSalt,
            Priority = _request.Priority,
            Trace = _trace?.Context,
        });
    }

    private void StartPrefill()
    {
        _prefillSigns.Expect(_options.ReserveDeadline);
        _prefill!.Actor.Tell(new PrefillProtocol.Start(
            _attempt, _request.PromptIds, _output.ToImmutable(), _request.Sampling, _granted?.PageTarget, Self)
        {
            CachedPages = _granted?.CachedPages ?? 0,
            CacheSalt = _request.CacheSalt,
            Priority = _request.Priority,
            Trace = _trace?.Context,
        });
    }

    /// <summary>Not before prefill is about to begin, so that room is not kept for prompts that wait in a queue.</summary>
    private void Reserve()
    {
        _isReserved = true;
        _decodeSigns.Expect(_options.ReserveDeadline);
        _decode!.Actor.Tell(new DecodeProtocol.Reserve(_attempt, _request.PromptIds, _output.ToImmutable(), _request.Sampling, Self)
        {
            CacheSalt = _request.CacheSalt,
            Priority = _request.Priority,
            Trace = _trace?.Context,
        });
    }

    private void TakeGrant(GenerationProtocol.Granted granted)
    {
        if (_granted is not null || _prefill is null) return;
        _granted = granted;
        if (_prefill.Protocol >= ProtocolVersion.LateGrant) _prefill.Actor.Tell(new PrefillProtocol.Deliver(_attempt, granted.PageTarget, granted.CachedPages));
        else StartPrefill();
        ExpectPages();
    }

    /// <summary>Of decode, nothing is expected before prefill is done; then the last pages have to come, and a token.</summary>
    private void ExpectPages()
    {
        if (PrefillHasEnded) _decodeSigns.Expect(_options.StallDeadline);
        else _decodeSigns.Rest();
    }

    private void TakeSign(GenerationProtocol.Progressed sign)
    {
        var fromDecode = _prefill is null || sign.Worker == _decode?.Worker;
        var signs = fromDecode ? _decodeSigns : _prefillSigns;
        switch (sign.Stage)
        {
            case GenerationProtocol.JobStage.Computing:
                signs.Expect(_options.FirstPageDeadline);
                break;
            case GenerationProtocol.JobStage.Working when fromDecode && _prefill is not null:
                if (_granted is not null) ExpectPages();
                break;
            case GenerationProtocol.JobStage.Working:
                signs.Expect(_options.StallDeadline);
                break;
            default:
                signs.Hear();
                break;
        }

        var isAboutToBegin = sign.Stage is GenerationProtocol.JobStage.Computing or GenerationProtocol.JobStage.AwaitingGrant;
        if (isAboutToBegin && !fromDecode && !_isReserved) Reserve();
    }

    private void TakeToken(GenerationProtocol.TokenChosen token)
    {
        _output.Add(token, _emit);
        if (_prefill is not null && token.Index == _output.FirstOfAttempt)
        {
            _prefillSigns.Rest();
            if (_granted is not null) ExpectPages();
            else if (!_isReserved && token.Ending is null) Reserve();
        }
        else
        {
            _decodeSigns.Expect(_options.StallDeadline);
        }

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
        _trace?.Refused(refused.Message);
        BeginNextAttempt();
    }

    private void HandleLost(GenerationProtocol.Lost lost)
    {
        if (lost.Worker == _prefill?.Worker && _output.DecodeHasBegun) return;   // It has handed everything over.
        Redispatch([lost.Worker], GenerationError.Unavailable, lost.Message);
    }

    private void HandleTerminated(Terminated terminated)
    {
        var lost = terminated.ActorRef.Equals(_prefill?.Actor) ? _prefill
            : terminated.ActorRef.Equals(_decode?.Actor) ? _decode
            : null;
        if (lost is not null) HandleLost(new GenerationProtocol.Lost(_attempt, lost.Worker, $"Worker {lost.Worker} is gone."));
    }

    private void RedispatchIfLate()
    {
        // Time that this process, too, spent doing nothing is nobody's silence.
        var elapsed = Now - _lastCheck;
        _lastCheck = Now;
        var passed = elapsed < 2 * DeadlineCheck ? elapsed : 2 * DeadlineCheck;
        foreach (var signs in (ReadOnlySpan<SignsOfLife>)[_routerSigns, _prefillSigns, _decodeSigns]) signs.Pass(passed);

        if (_routerSigns.IsSilent) Fail(GenerationError.Unavailable, _notPaired ?? $"No worker for prefill and decode was there within {_options.AssignDeadline.TotalSeconds:0.#} s.");
        else if (_prefill is not null && (_prefillSigns.IsSilent || _prefillSigns.IsStuck)) Redispatch([_prefill.Worker], GenerationError.TimedOut, Lateness(_prefill, _prefillSigns, "prefilling"));
        else if (_decode is not null && (_decodeSigns.IsSilent || _decodeSigns.IsStuck)) RedispatchFromDecode(_decode);
    }

    private void RedispatchFromDecode(RouterProtocol.AssignedWorker decode)
    {
        // Pages that do not come may be the fault of either.
        var pagesAreMissing = _prefill is not null && _granted is not null && !_output.DecodeHasBegun;
        var phase = _prefill is not null && _granted is null ? "reserving" : pagesAreMissing ? "waiting for pages" : "decoding";
        WorkerId[] suspects = pagesAreMissing ? [_prefill!.Worker, decode.Worker] : [decode.Worker];
        Redispatch(suspects, GenerationError.TimedOut, Lateness(decode, _decodeSigns, phase));
    }

    private static string Lateness(RouterProtocol.AssignedWorker worker, SignsOfLife signs, string phase) => signs.IsSilent
        ? $"Worker {worker.Worker} gave no sign for {signs.Silence.TotalSeconds:0.#} s while {phase}."
        : $"Worker {worker.Worker} had no place within {signs.Waited.TotalSeconds:0.#} s while {phase}.";

    private void Redispatch(IEnumerable<WorkerId> workers, GenerationError error, string reason)
    {
        if (_redispatches++ >= _options.MaxRedispatches)
        {
            Fail(error, $"{reason} It was the last of {_redispatches} tries.");
            return;
        }

        _log.Info("Generation {0} goes to other workers after {1} tokens: {2}", _request.Id, _output.Count, reason);
        _avoid = _avoid.Union(workers);
        _trace?.Fail(error, reason);
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

        (_prefill, _decode, _granted, _isReserved) = (null, null, null, false);
        _prefillSigns.Rest();
        _decodeSigns.Rest();
    }

    private void FailIfPresent(AttemptId attempt, GenerationError error, string message)
    {
        if (attempt == _attempt) Fail(error, message);
    }

    private void Fail(GenerationError error, string message) => End(new GenerationFailed(error, message));

    private void End(GenerationUpdate last)
    {
        _ended = true;
        _trace?.End(last);
        ReleaseWorkers();
        _router.Tell(new RouterProtocol.Release(_attempt) { Held = last is GenerationFinished ? Blocks() : [] });
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
