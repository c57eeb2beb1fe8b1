using ActorInference.Actors.Ids;
using ActorInference.Actors.Protocols;
using ActorInference.Roles.Gateway;
using Akka.Actor;
using Akka.Event;
using Akka.Remote;

namespace ActorInference.Roles.Router;

/// <summary>
/// Gives each attempt a prefill and a decode worker. Knows workers only by their reports, so it can begin anew at any
/// time; an attempt for which a role has no worker waits until one reports or its generation gives up.
/// </summary>
public sealed class RouterActor : ReceiveActor, IWithTimers
{
    /// <summary>Its name under the user guardian of a gateway: workers of other nodes report to it there.</summary>
    public const string Name = "router";

    private static readonly TimeSpan SilenceCheck = TimeSpan.FromMilliseconds(250);

    private readonly RouterOptions _options;
    private readonly WorkerTable _workers;
    private readonly Dictionary<IActorRef, AttemptId> _generations = [];
    private readonly OrderedDictionary<AttemptId, Pending> _pending = [];
    private readonly HashSet<IActorRef> _awaitServing = [];
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private string? _mismatch;

    private sealed record Pending(RouterProtocol.Assign Request, IActorRef Generation);

    public RouterActor(RouterOptions options)
    {
        _options = options;
        _workers = new WorkerTable(options.WorkerSilence, options.Prefix);
        Receive<RouterProtocol.WorkerReport>(TakeReport);
        Receive<RouterProtocol.Prefixes>(Learn);
        Receive<RouterProtocol.Assign>(Assign);
        Receive<RouterProtocol.Release>(release => Release(release, Sender));
        Receive<RouterProtocol.AwaitServing>(_ => AwaitServing());
        Receive<RouterProtocol.GetWorkers>(_ => Sender.Tell(Workers()));
        Receive<CheckSilence>(_ => DropSilentWorkers());
        Receive<DisassociatedEvent>(lost => DropWorkersAt(lost.RemoteAddress));
        Receive<Terminated>(terminated => Forget(terminated.ActorRef));
    }

    public ITimerScheduler Timers { get; set; } = null!;

    private static TimeSpan Now => Context.System.Scheduler.MonotonicClock;

    private bool IsServing => _workers.IsServing(Now);

    public static Props Props(RouterOptions options) => Akka.Actor.Props.Create(() => new RouterActor(options));

    protected override void PreStart()
    {
        Timers.StartPeriodicTimer(nameof(CheckSilence), CheckSilence.Instance, SilenceCheck);
        Context.System.EventStream.Subscribe(Self, typeof(DisassociatedEvent));
    }

    protected override void PostStop() => Context.System.EventStream.Unsubscribe(Self);

    private void TakeReport(RouterProtocol.WorkerReport report)
    {
        if (_workers.Apply(report, Now) is { } replaced) Context.Unwatch(replaced);
        Context.Watch(report.Actor);
        AskForPrefixes(report.Worker);
        TellMismatch();
        if (!IsServing) return;
        foreach (var waiting in _awaitServing) waiting.Tell(RouterProtocol.Serving.Instance);
        _awaitServing.Clear();
        foreach (var (request, generation) in _pending.Values.ToList())
        {
            if (_workers.TryAssign(request, Now) is not { } assigned) continue;
            _pending.Remove(request.Attempt);
            generation.Tell(assigned);
        }
    }

    private void Learn(RouterProtocol.Prefixes answer)
    {
        if (_workers.Learn(answer)) AskForPrefixes(answer.Worker);
    }

    private void AskForPrefixes(WorkerId worker)
    {
        if (_workers.NextQuestion(worker, Now) is { } ask) ask.Worker.Tell(ask.Question);
    }

    private void Assign(RouterProtocol.Assign request)
    {
        // A generation that was admitted stays admitted: only first attempts are counted against the limit.
        if (request.Attempt.Number == 0 && _generations.Count >= _options.MaxInFlight)
        {
            Sender.Tell(new RouterProtocol.Overloaded(request.Attempt, $"{_generations.Count} generations are under way, as many as this router takes."));
            return;
        }

        Admit(request.Attempt, Sender);
        if (_workers.TryAssign(request, Now) is { } assigned)
        {
            Sender.Tell(assigned);
            return;
        }

        if (IsServing)
        {
            Sender.Tell(new RouterProtocol.Overloaded(request.Attempt, "Every worker of a needed role has refused."));
            return;
        }

        _pending[request.Attempt] = new Pending(request, Sender);
        if (_mismatch is not null) Sender.Tell(new GatewayProtocol.NotPaired(request.Attempt, _mismatch));
    }

    private void Admit(AttemptId attempt, IActorRef generation)
    {
        if (_generations.TryGetValue(generation, out var earlier)) Drop(earlier);
        else Context.Watch(generation);
        _generations[generation] = attempt;
    }

    private void Release(RouterProtocol.Release release, IActorRef generation)
    {
        var attempt = release.Attempt;
        if (!_generations.TryGetValue(generation, out var present) || present != attempt) return;
        _workers.NoteHeld(attempt, release.Held);
        _generations.Remove(generation);
        Context.Unwatch(generation);
        Drop(attempt);
    }

    private void Drop(AttemptId attempt)
    {
        _pending.Remove(attempt);
        _workers.Release(attempt);
    }

    private RouterProtocol.Workers Workers() => new(_workers.Reports(Now), _generations.Count)
    {
        PromptTokens = _workers.PromptTokens,
        PrefixTokens = _workers.PrefixTokens,
        PrefixBlocks = _workers.PrefixBlocks,
    };

    private void AwaitServing()
    {
        if (IsServing) Sender.Tell(RouterProtocol.Serving.Instance);
        else _awaitServing.Add(Sender);
    }

    private void Forget(IActorRef actor)
    {
        if (_generations.Remove(actor, out var attempt)) Drop(attempt);
        else _workers.Remove(actor);
    }

    /// <summary>A process that hangs is noticed by this long before the cluster removes it.</summary>
    private void DropSilentWorkers() => Drop(_workers.RemoveSilent(Now), $"has not reported for {_options.WorkerSilence.TotalSeconds:0.#} s");

    /// <summary>A process that died is noticed by this at once. If only a connection broke, the next report brings its workers back.</summary>
    private void DropWorkersAt(Address process) => Drop(_workers.RemoveAt(process), $"cannot be reached at {process}");

    private void Drop(IReadOnlyList<(WorkerId Worker, IActorRef Actor, IReadOnlySet<AttemptId> Attempts)> workers, string reason)
    {
        foreach (var lost in workers)
        {
            Context.Unwatch(lost.Actor);
            foreach (var (generation, attempt) in _generations)
            {
                if (lost.Attempts.Contains(attempt)) generation.Tell(new GenerationProtocol.Lost(attempt, lost.Worker, $"Worker {lost.Worker} {reason}."));
            }
        }
    }

    private void TellMismatch()
    {
        var mismatch = _workers.Mismatch(Now);
        if (mismatch is not null && mismatch != _mismatch)
        {
            _log.Warning(mismatch);
            foreach (var (request, generation) in _pending.Values) generation.Tell(new GatewayProtocol.NotPaired(request.Attempt, mismatch));
        }

        _mismatch = mismatch;
    }

    private sealed record CheckSilence
    {
        public static readonly CheckSilence Instance = new();
    }
}
