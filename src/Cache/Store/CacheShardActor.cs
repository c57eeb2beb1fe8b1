using System.Collections.Immutable;
using ActorInference.Actors.Ids;
using ActorInference.Actors.Protocols;
using Akka.Actor;
using Akka.Event;
using Akka.Persistence;
using static ActorInference.Actors.Protocols.CacheShardProtocol;

namespace ActorInference.Cache.Store;

/// <summary>
/// Journals the decisions of one <see cref="CacheShardState"/> and answers after they are durable. Questions are answered while
/// it writes: what a decision takes away is hidden when it is made, and what it adds is shown when it is durable.
/// </summary>
public sealed class CacheShardActor : ReceivePersistentActor, IWithTimers
{
    private static readonly TimeSpan TickInterval = TimeSpan.FromMilliseconds(250);

    private readonly CacheShardOptions _options;
    private readonly IActorRef _directory;
    private readonly TimeProvider _time;
    private readonly StoreMessages _messages = new();
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly HashSet<(StoreId Store, Guid Epoch)> _asked = [];
    private CacheShardState _state;

    /// <param name="bucket">Its number.</param>
    /// <param name="directory">Tells of stores: the node's <see cref="StoreDirectoryActor"/>.</param>
    /// <param name="time">The wall clock; pins outlive processes.</param>
    public CacheShardActor(int bucket, CacheShardOptions options, IActorRef directory, TimeProvider time)
    {
        PersistenceId = $"cache-shard-{bucket}";
        (_options, _directory, _time) = (options, directory, time);
        _state = new CacheShardState(bucket, options);

        Recover<SnapshotOffer>(offer => _state = CacheShardState.From((CacheShardEvents.ShardSnapshot)offer.Snapshot, bucket, options));
        Recover<CacheShardEvents.IShardEvent>(@event => _state.Apply(@event));

        Command<Query>(query => Sender.Tell(_state.Answer(query, Now)));
        Command<Exists>(exists => Sender.Tell(_state.Answer(exists, Now)));
        Command<PutStart>(put => Do(_state.Decide(put, Now)));
        Command<PutEnd>(end => Do(_state.Decide(end, Now)));
        Command<PutRevoke>(revoke => Sender.Tell(_state.Decide(revoke)));
        Command<Broken>(broken => Do(_state.Decide(broken)));
        Command<Remove>(remove => Do(_state.Decide(remove, Now)));
        Command<RemoveMatching>(OnRemoveMatching);
        Command<Pin>(pin => Do(_state.Decide(pin, Now)));
        Command<Copy>(copy => Sender.Tell(_state.Decide(copy)));
        Command<SetQuota>(quota => Do(_state.Decide(quota)));
        Command<List>(list => Sender.Tell(_state.Answer(list, Now)));
        Command<GetShardStatus>(_ => Sender.Tell(_state.Status(Now)));
        Command<Adopt>(adopt => Do(_state.Decide(adopt, _messages)));
        Command<DiskChanged>(changed => Do(_state.Decide(changed, _messages, IsOfItsLife(changed.Store, Sender))));
        Command<Pulled>(pulled => Do(_state.Decide(pulled, _messages)));
        Command<StoresChanged>(OnStores);
        Command<Tick>(_ => OnTick());
        Command<SaveSnapshotSuccess>(OnSaved);
        Command<SaveSnapshotFailure>(failed => _log.Warning(failed.Cause, "Snapshot of {0} failed; replay grows until the next", PersistenceId));
        Command<DeleteSnapshotsSuccess>(_ => { });
        Command<DeleteSnapshotsFailure>(failed => _log.Warning(failed.Cause, "Old snapshots of {0} could not be deleted", PersistenceId));
        Command<DeleteMessagesSuccess>(_ => { });
        Command<DeleteMessagesFailure>(failed => _log.Warning(failed.Cause, "Old events of {0} could not be deleted", PersistenceId));
    }

    public override string PersistenceId { get; }

    public ITimerScheduler Timers { get; set; } = null!;

    private long Now => _time.GetUtcNow().ToUnixTimeMilliseconds();

    public static Props Props(int bucket, CacheShardOptions options, IActorRef directory, TimeProvider time) =>
        Akka.Actor.Props.Create(() => new CacheShardActor(bucket, options, directory, time));

    protected override void OnReplaySuccess()
    {
        // What waits here already is not to be told that there are no stores.
        _messages.Stores = CacheProcess.Get(Context.System).Table;
        _state.See(_messages.Stores);
        _directory.Tell(StoreDirectoryActor.Subscribe.Instance);
        Timers.StartPeriodicTimer(nameof(Tick), Tick.Instance, TickInterval);
    }

    private void Do(ShardDecision decision)
    {
        var asker = Sender;
        if (!decision.Events.IsEmpty) PersistAllAsync(decision.Events, OnPersisted);
        if (decision.Reply is { } reply)
        {
            if (decision.Events.IsEmpty) asker.Tell(reply);
            else DeferAsync(reply, durable => asker.Tell(durable));
        }

        Flush();
    }

    private void OnPersisted(CacheShardEvents.IShardEvent @event)
    {
        _state.Apply(@event, _messages);
        Flush();
        if (LastSequenceNr % _options.SnapshotEvery == 0) SaveSnapshot(_state.ToSnapshot());
    }

    private void OnRemoveMatching(RemoveMatching remove)
    {
        try
        {
            Do(_state.Decide(remove, Now));
        }
        catch (Exception unusable) when (unusable is ArgumentException or System.Text.RegularExpressions.RegexMatchTimeoutException)
        {
            Sender.Tell(new Status.Failure(new ArgumentException($"The pattern '{remove.Pattern}' cannot be used: {unusable.Message}", unusable)));
        }
    }

    /// <summary>Whether the store has neither left nor begun anew since it sent this.</summary>
    private bool IsOfItsLife(StoreId store, IActorRef sender) =>
        _messages.Stores.TryGet(store, out var known) && known.Report.Epoch != Guid.Empty && known.Report.Actor.Equals(sender);

    private void OnStores(StoresChanged changed)
    {
        // What a store tells of its pages is compared with what is left here of its earlier life: not before that is gone.
        if (_state.Decide(changed.Table, Now).Events is { IsEmpty: false } events) PersistAll(events, OnPersisted);
        _messages.Stores = changed.Table;
        foreach (var store in changed.Table.Stores.Values)
        {
            // What it has and what is known of it here may have parted while this shard or the store was away.
            if (!store.IsSuspect && _asked.Add((store.Id, store.Report.Epoch))) store.Report.Actor.Tell(new CacheStoreProtocol.Tell(_state.Bucket));
        }

        _asked.RemoveWhere(asked => !changed.Table.TryGet(asked.Store, out var store) || store.IsSuspect || store.Report.Epoch != asked.Epoch);
        Flush();
    }

    private void OnTick()
    {
        _state.Expire(Now);
        var events = ImmutableArray.CreateBuilder<CacheShardEvents.IShardEvent>();
        foreach (var order in _state.PlanCopies(Now, events))
        {
            if (_messages.Stores.TryGet(order.To, out var store)) store.Report.Actor.Tell(new CacheStoreProtocol.Pull(_state.Bucket, order.Pages));
        }

        Do(new ShardDecision(null, events.ToImmutable()));
    }

    private void Flush() => _messages.Flush(Self);

    /// <summary>A journal that nobody trims grows for ever, and its pages have long been evicted.</summary>
    private void OnSaved(SaveSnapshotSuccess saved)
    {
        // The snapshot before this one stays, and the events after it: should this one be unreadable, those still do.
        var before = saved.Metadata.SequenceNr - _options.SnapshotEvery;
        if (before <= 0) return;
        DeleteSnapshots(new SnapshotSelectionCriteria(before - 1));
        DeleteMessages(before);
    }

    private sealed record Tick
    {
        public static readonly Tick Instance = new();
    }
}
