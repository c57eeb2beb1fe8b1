using System.Collections.Immutable;
using ActorInference.Actors.Kv;
using ActorInference.Actors.Protocols;
using Akka.Actor;
using Akka.Event;

namespace ActorInference.Roles.Workers;

/// <summary>
/// What a new worker does before any router hears of it: moves a few pages with each worker that it can be paired with, the way that real
/// generations take. By that, connections are made, memory is mapped and code is compiled for which a request would have to wait. Under the
/// worker's actor, whom it stops itself for to say that it is done; workers that are slow or dead delay it by no more than its deadline.
/// </summary>
public sealed class RehearsalActor : ReceiveActor, IWithTimers
{
    private static readonly TimeSpan AskAgain = TimeSpan.FromMilliseconds(100);

    private readonly RehearsalOptions _options;
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly IActorRef _worker = Context.Parent;
    private readonly HashSet<IActorRef> _underWay = [];
    private bool _hasPeers;
    private bool _isOver;
    private int _exchanged;

    public RehearsalActor(RehearsalOptions options)
    {
        _options = options;
        Receive<Ask>(_ => AskForWorkers());
        Receive<RouterProtocol.Workers>(workers => Begin(workers.Reports));
        Receive<RehearsalExchangeActor.Ended>(Take);
        Receive<TooLate>(_ => GiveUp());
        Receive<Prepared>(Stop);
    }

    public ITimerScheduler Timers { get; set; } = null!;

    public static Props Props(RehearsalOptions options) => Akka.Actor.Props.Create(() => new RehearsalActor(options));

    protected override void PreStart()
    {
        if (_options.Deadline == TimeSpan.Zero)
        {
            Prepare();
            return;
        }

        Timers.StartPeriodicTimer(nameof(Ask), Ask.Instance, TimeSpan.Zero, AskAgain);
    }

    /// <summary>Again until somebody answers: a router may be known a moment later than its node.</summary>
    private void AskForWorkers()
    {
        if (!_options.HasJoined()) return;
        if (!Timers.IsTimerActive(nameof(TooLate))) Timers.StartSingleTimer(nameof(TooLate), TooLate.Instance, _options.Deadline);
        _options.Routers.Tell(RouterProtocol.GetWorkers.Instance);
    }

    private void Begin(ImmutableArray<RouterProtocol.WorkerReport> reports)
    {
        if (_hasPeers || _isOver) return;
        _hasPeers = true;
        Timers.Cancel(nameof(Ask));
        RehearsedMessages.RoundTrip(Context.System, Self);
        foreach (var peer in reports.Where(IsPeer))
        {
            for (var page = 0; page < _options.Pages; page++) _underWay.Add(Context.ActorOf(ExchangeWith(peer)));
        }

        if (_underWay.Count == 0) Prepare();
    }

    /// <summary>Whether pages would go between this process and that one: routers pair by the same rules.</summary>
    private bool IsPeer(RouterProtocol.WorkerReport report) =>
        report.Worker != _options.Worker
        && report.Actor.Path.Address.HasGlobalScope
        && report is { Draining: false, Protocol: ProtocolVersion.Current, Format: not null }
        && KvCompatibility.Explain(_options.Format, report.Format) is null
        && (SendsTo(report.Role) || GetsFrom(report.Role));

    private bool SendsTo(WorkerRole role) => _options.Role == WorkerRole.Prefill && role.Serves(WorkerRole.Decode);

    private bool GetsFrom(WorkerRole role) => role == WorkerRole.Prefill && _options.Role.Serves(WorkerRole.Decode);

    private Props ExchangeWith(RouterProtocol.WorkerReport peer)
    {
        var (prefill, decode) = SendsTo(peer.Role) ? (_worker, peer.Actor) : (peer.Actor, _worker);
        return RehearsalExchangeActor.Props(prefill, decode, peer.Worker, _options.Format.Layout.PageSizeTokens);
    }

    private void Take(RehearsalExchangeActor.Ended ended)
    {
        if (!_underWay.Remove(Sender) || _isOver) return;
        if (ended.Failure is { } failure) _log.Info("{0} could not rehearse with {1}: {2}", _options.Worker, ended.Peer, failure);
        else _exchanged++;
        if (_underWay.Count == 0) Prepare();
    }

    private void GiveUp()
    {
        if (_isOver) return;
        _log.Warning("{0} begins after {1} though {2}.", _options.Worker, _options.Deadline, _hasPeers ? $"{_underWay.Count} pages of its rehearsal have not come" : "no router has told it of others");
        foreach (var exchange in _underWay) Context.Stop(exchange);
        Prepare();
    }

    private void Prepare()
    {
        _isOver = true;
        Timers.CancelAll();
        if (_exchanged > 0) _log.Info("{0} has exchanged {1} pages with others.", _options.Worker, _exchanged);
        if (_options.BeforeWork is not { } prepare)
        {
            Context.Stop(Self);
            return;
        }

        Task.Run(prepare).PipeTo(Self, Self, () => new Prepared(null), failure => new Prepared(failure));
    }

    /// <summary>It works without, if more slowly at first.</summary>
    private void Stop(Prepared prepared)
    {
        if (prepared.Failure is { } failure) _log.Warning(failure, "{0} begins less prepared than it should.", _options.Worker);
        Context.Stop(Self);
    }

    private sealed record Prepared(Exception? Failure);

    private sealed record Ask
    {
        public static readonly Ask Instance = new();
    }

    private sealed record TooLate
    {
        public static readonly TooLate Instance = new();
    }
}
