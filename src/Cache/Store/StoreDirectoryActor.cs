using ActorInference.Actors.Ids;
using ActorInference.Actors.Protocols;
using Akka.Actor;
using Akka.Cluster;
using Akka.Event;

namespace ActorInference.Cache.Store;

/// <summary>
/// One a node: knows the cluster's stores by their reports, says when one has died or is silent, and passes the reports of its own
/// node's stores on to the other nodes.
/// </summary>
public sealed class StoreDirectoryActor : ReceiveActor, IWithTimers
{
    /// <summary>Its name under the user guardian.</summary>
    public const string Name = "cache-stores";

    private readonly StoreLiveness _liveness;
    private readonly CacheProcess _process = CacheProcess.Get(Context.System);
    private readonly Cluster? _cluster;
    private readonly Dictionary<Address, ActorSelection> _others = [];
    private readonly Dictionary<StoreId, TimeSpan> _heard = [];
    private readonly Dictionary<StoreId, CacheStoreProtocol.StoreReport> _own = [];
    private readonly HashSet<IActorRef> _subscribers = [];
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private StoreTable _table = StoreTable.Empty;
    private bool _isDirty;

    public StoreDirectoryActor(StoreLiveness liveness, bool isClustered)
    {
        _liveness = liveness;
        _cluster = isClustered ? Cluster.Get(Context.System) : null;
        Receive<CacheStoreProtocol.StoreReport>(Take);
        Receive<CacheStoreProtocol.StoreLeft>(Take);
        Receive<Subscribe>(_ =>
        {
            if (_subscribers.Add(Sender)) Context.Watch(Sender);
            Sender.Tell(new StoresChanged(_table));
        });
        Receive<Terminated>(terminated =>
        {
            if (!_subscribers.Remove(terminated.ActorRef)) Suspect(terminated.ActorRef);
        });
        Receive<ClusterEvent.MemberUp>(up => Add(up.Member));
        Receive<ClusterEvent.MemberRemoved>(removed => _others.Remove(removed.Member.Address));
        Receive<ClusterEvent.IMemberEvent>(_ => { });
        Receive<Tick>(_ => Judge());
    }

    public ITimerScheduler Timers { get; set; } = null!;

    private static TimeSpan Now => Context.System.Scheduler.MonotonicClock;

    /// <param name="isClustered">Whether the system is one of a cluster.</param>
    public static Props Props(StoreLiveness liveness, bool isClustered) => Akka.Actor.Props.Create(() => new StoreDirectoryActor(liveness, isClustered));

    protected override void PreStart()
    {
        Timers.StartPeriodicTimer(nameof(Tick), Tick.Instance, _liveness.Tick);
        _cluster?.Subscribe(Self, ClusterEvent.SubscriptionInitialStateMode.InitialStateAsEvents, typeof(ClusterEvent.IMemberEvent));
    }

    protected override void PostStop() => _cluster?.Unsubscribe(Self);

    private void Take(CacheStoreProtocol.StoreReport report)
    {
        if (PassOn(report)) _own[report.Store] = report;
        var isUrgent = !_table.TryGet(report.Store, out var before)
            || before.IsSuspect || before.Report.Epoch != report.Epoch || before.Report.IsDraining != report.IsDraining || before.Report.Refused != report.Refused;
        if (before is { IsSuspect: true }) _log.Info("Cache store {0} is heard of again", report.Store);
        if (before is null or { IsSuspect: true } || !before.Report.Actor.Equals(report.Actor)) Context.Watch(report.Actor);
        _heard[report.Store] = Now;
        _table = _table.With(new KnownStore(report, IsSuspect: false));
        if (isUrgent) Publish();
        else _isDirty = true;
    }

    private void Take(CacheStoreProtocol.StoreLeft left)
    {
        if (PassOn(left)) _own.Remove(left.Store);
        if (!_table.TryGet(left.Store, out var store) || store.Report.Epoch != left.Epoch) return;
        _log.Info("Cache store {0} has left", left.Store);
        // With its disk it may come back: until then its memory is of no life, and nobody reads it.
        _table = left.WithDisk
            ? _table.Without(left.Store)
            : _table.With(new KnownStore(store.Report with { Epoch = Guid.Empty, UsedBytes = 0 }, IsSuspect: true));
        if (left.WithDisk) _heard.Remove(left.Store);
        Publish();
    }

    /// <summary>The actor of a store has ended: whoever asks it anything would wait in vain. It may come back as another one.</summary>
    private void Suspect(IActorRef dead)
    {
        foreach (var store in _table.Stores.Values)
        {
            if (store.IsSuspect || !store.Report.Actor.Equals(dead)) continue;
            _log.Warning("Cache store {0} has died: its pages are not read for now", store.Id);
            _own.Remove(store.Id);
            _table = _table.With(store with { IsSuspect = true });
            _isDirty = true;
        }

        if (_isDirty) Publish();
    }

    /// <returns>Whether it is of a store of this node.</returns>
    private bool PassOn(object message)
    {
        if (!Sender.Path.Address.HasLocalScope && Sender.Path.Address != _cluster?.SelfAddress) return false;
        foreach (var other in _others.Values) other.Tell(message);
        return true;
    }

    private void Judge()
    {
        foreach (var (id, heard) in _heard.ToList())
        {
            var silence = Now - heard;
            if (!_table.TryGet(id, out var store)) continue;
            if (silence > _liveness.RemoveAfter)
            {
                _log.Warning("Cache store {0} has been silent for {1:0} s and is given up", id, silence.TotalSeconds);
                _heard.Remove(id);
                _table = _table.Without(id);
                _isDirty = true;
            }
            else if (silence > _liveness.SuspectAfter && !store.IsSuspect)
            {
                _log.Warning("Cache store {0} has been silent for {1:0.0} s: its pages are not read for now", id, silence.TotalSeconds);
                _table = _table.With(store with { IsSuspect = true });
                _isDirty = true;
            }
        }

        if (_isDirty) Publish();
    }

    private void Publish()
    {
        _isDirty = false;
        var changed = new StoresChanged(_table);
        foreach (var subscriber in _subscribers) subscriber.Tell(changed);
        // The shards first: whoever sees a store in the table and has a shard choose one for his pages is not told that there is none.
        _process.Table = _table;
    }

    private void Add(Member member)
    {
        if (member.Address == _cluster!.SelfAddress) return;
        var other = Context.ActorSelection(new RootActorPath(member.Address) / "user" / Name);
        _others[member.Address] = other;
        // One that has just come need not wait for the next report.
        foreach (var report in _own.Values) other.Tell(report);
    }

    /// <summary>Tell the sender of every change, and of the present state at once.</summary>
    public sealed record Subscribe
    {
        public static readonly Subscribe Instance = new();
    }

    private sealed record Tick
    {
        public static readonly Tick Instance = new();
    }
}

/// <summary>The stores are these from now on.</summary>
public sealed record StoresChanged(StoreTable Table);

/// <summary>When a silent store counts as what.</summary>
public sealed record StoreLiveness
{
    /// <summary>Its pages are not read, nor others written to it. Default 3 s.</summary>
    public TimeSpan SuspectAfter { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>Its pages are forgotten; it tells of them when it comes back. Default 5 min.</summary>
    public TimeSpan RemoveAfter { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>How often this is judged. Default 250 ms.</summary>
    public TimeSpan Tick { get; init; } = TimeSpan.FromMilliseconds(250);
}
