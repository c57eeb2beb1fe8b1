using System.Collections.Immutable;
using Akka.Actor;
using Akka.Event;
using static ActorInference.Actors.Protocols.CacheShardProtocol;
using static ActorInference.Actors.Protocols.CacheStoreProtocol;

namespace ActorInference.Cache.Store;

/// <summary>
/// One store: takes pages into its pool, tells shards what it has and the cluster that it is there, and keeps its disk. Bytes
/// are moved off the actor; readers on the host and over the network take them without asking it.
/// </summary>
public sealed partial class CacheStoreActor : ReceiveActor, IWithTimers
{
    private const int AdoptPages = 512;

    private readonly CacheStoreOptions _options;
    private readonly StorePool _pool;
    private readonly StoreDisk? _disk;
    private readonly StorePersistence? _persistence;
    private readonly StoreTransfers _transfers;
    private readonly IActorRef _shards;
    private readonly IActorRef _directory;
    private readonly CacheProcess _process = CacheProcess.Get(Context.System);
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly CancellationTokenSource _stop = new();
    private readonly Queue<Transfer> _waiting = new();
    private readonly HashSet<Task> _active = [];
    private readonly IActorRef _self = Context.Self;   // For what runs off the actor.
    private long _refused;
    private int _running;
    private bool _isDraining;
    private long _loadMs;
    private long _warmed;

    /// <summary>Who waits for the snapshot that is being written; null while there is none.</summary>
    private List<Governor>? _snapshotters;

    /// <summary>Who asked meanwhile, and waits for the next one.</summary>
    private List<Governor> _nextSnapshotters = [];

    private readonly List<Governor> _verifiers = [];

    /// <param name="openPool">Makes the pool, again after each restart; the actor ends it.</param>
    /// <param name="openDisk">Opens the disk likewise; makes none if nothing is persisted.</param>
    /// <param name="shards">Takes messages to shards.</param>
    /// <param name="directory">The node's <see cref="StoreDirectoryActor"/>.</param>
    public CacheStoreActor(CacheStoreOptions options, Func<StorePool> openPool, Func<StoreDisk?> openDisk, IActorRef shards, IActorRef directory)
    {
        (_options, _shards, _directory) = (options, shards, directory);
        _disk = openDisk();
        _pool = openPool();
        _persistence = _disk is null ? null : new StorePersistence(_pool, _disk, options);
        _transfers = new StoreTransfers(_pool, options, _process);

        Receive<Put>(put => Enqueue(new Transfer(Sender, put.Pages.Length, stop => TakeAsync(put, stop))));
        Receive<Pull>(pull => Enqueue(new Transfer(Sender, 0, stop => PullAsync(pull, stop))));
        Receive<Load>(load => Enqueue(new Transfer(Sender, load.Keys.Length, stop => Task.Run(() => LoadPages(load), stop))));
        Receive<TransferEnded>(OnTransferEnded);
        Receive<Keep>(OnKeep);
        Receive<Free>(OnFree);
        Receive<FreeDisk>(free =>
        {
            foreach (var key in free.Keys) _disk?.Remove(key);
        });
        Receive<Tell>(tell => TellAll(tell.Bucket));
        Receive<StorePersistence.Warmed>(warmed =>
        {
            Adopt(warmed.Pages);
            TellDisk(warmed.Lost, isAdded: false);
        });
        Receive<WarmUpEnded>(OnWarmUpEnded);
        Receive<Govern>(OnGovern);
        Receive<SnapshotEnded>(OnSnapshotEnded);
        Receive<VerifyEnded>(OnVerifyEnded);
        Receive<SnapshotFailed>(OnSnapshotFailed);
        Receive<VerifyFailed>(OnVerifyFailed);
        Receive<WarmUpFailed>(failed => _log.Error(failed.Cause, "The warm-up of cache store {0} failed; what it has not found stays on disk", options.Store));
        Receive<GetStoreStatus>(_ => Sender.Tell(StatusNow()));
        Receive<ReportTick>(_ => Report());
        Receive<AskTick>(_ => AskAboutUncertain());
        Receive<SnapshotTick>(_ => BeginSnapshot(null));
    }

    public ITimerScheduler Timers { get; set; } = null!;

    /// <inheritdoc cref="CacheStoreActor(CacheStoreOptions, Func{StorePool}, Func{StoreDisk}, IActorRef, IActorRef)" path="/param"/>
    public static Props Props(CacheStoreOptions options, Func<StorePool> openPool, Func<StoreDisk?> openDisk, IActorRef shards, IActorRef directory) =>
        Akka.Actor.Props.Create(() => new CacheStoreActor(options, openPool, openDisk, shards, directory));

    protected override void PreStart()
    {
        _process.Add(_pool);
        Report();
        Timers.StartPeriodicTimer(nameof(ReportTick), ReportTick.Instance, _options.ReportInterval);
        Timers.StartPeriodicTimer(nameof(AskTick), AskTick.Instance, _options.UncertainFor / 4);
        BeginWarmUp();
    }

    protected override void PostStop()
    {
        _process.Remove(_pool);
        _stop.Cancel();
        WriteIndex();
        _disk?.Dispose();
        _ = EndAsync([.. _active], _transfers, _pool);
        foreach (var asked in (Governor[])[.. _snapshotters ?? [], .. _nextSnapshotters, .. _verifiers])
            asked.Asker.Tell(new Status.Failure(new InvalidOperationException($"Cache store {_options.Store} ended before its {asked.Action} had.")), ActorRefs.NoSender);
        base.PostStop();
    }

    /// <summary>Memory goes when nobody copies into it or out of it any more.</summary>
    private static async Task EndAsync(Task[] active, StoreTransfers transfers, StorePool pool)
    {
        await Task.WhenAll(active).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await transfers.DisposeAsync().ConfigureAwait(false);
        pool.Dispose();
    }

    private void Enqueue(Transfer transfer)
    {
        if (_waiting.Count < _options.MaxWaiting)
        {
            _waiting.Enqueue(transfer);
            StartWhatMay();
        }
        else if (transfer.Pages > 0)
        {
            transfer.Asker.Tell(new PutDone([.. Enumerable.Repeat<Replica?>(null, transfer.Pages)]));
        }
    }

    private void StartWhatMay()
    {
        while (_running < _options.MaxTransfers && _waiting.TryDequeue(out var transfer))
        {
            var task = RunAsync(transfer, _options.TransferDeadline, _stop.Token);
            _active.Add(task);
            _running++;
            task.PipeTo(Self);
        }
    }

    private static async Task<object> RunAsync(Transfer transfer, TimeSpan limit, CancellationToken stop)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(stop);
        deadline.CancelAfter(limit);
        try
        {
            return new TransferEnded(transfer, await transfer.Run(deadline.Token).ConfigureAwait(false));
        }
        catch (Exception failure) when (failure is OperationCanceledException or ObjectDisposedException)
        {
            return new TransferEnded(transfer, null);
        }
    }

    private void OnTransferEnded(TransferEnded ended)
    {
        _running--;
        _active.RemoveWhere(task => task.IsCompleted);
        if (ended.Reply is { } reply) ended.Transfer.Asker.Tell(reply);
        if (ended.Reply is PutDone done && done.Replicas.Any(replica => replica is null)) Report();
        StartWhatMay();
    }

    private async Task<object> TakeAsync(Put put, CancellationToken stop)
    {
        var uses = Allocate([.. put.Pages.Select(page => new StoredPage(put.Tenant, page.Page, page.Checksum))]);
        var taken = new bool[uses.Length];
        try
        {
            taken = await _transfers.TakeAsync(put, uses, stop).ConfigureAwait(false);
        }
        finally
        {
            Settle(uses, taken);
        }

        return new PutDone([.. uses.Select((use, i) => taken[i] ? _pool.Locate(_options.Store, use!.Value) : (Replica?)null)]);
    }

    private async Task<object> PullAsync(Pull pull, CancellationToken stop)
    {
        var uses = Allocate([.. pull.Pages.Select(page => new StoredPage(page.Tenant, page.Page, page.Checksum))]);
        var taken = new bool[uses.Length];
        try
        {
            taken = await _transfers.PullAsync(pull.Pages, uses, stop).ConfigureAwait(false);
        }
        finally
        {
            Settle(uses, taken);
        }

        var pages = pull.Pages.Select((page, i) => new PulledPage(
            new TenantKey(page.Tenant, page.Page.Key), _options.Store, taken[i] ? _pool.Locate(_options.Store, uses[i]!.Value) : null));
        return new Pulled(pull.Bucket, [.. pages]);
    }

    /// <summary>The second reader of a page brings it back for good; for the first one it is there for a while.</summary>
    private object LoadPages(Load load)
    {
        var places = ImmutableArray.CreateBuilder<Replica?>(load.Keys.Length);
        var promoted = new List<HeldPage>();
        var lost = new List<TenantKey>();
        foreach (var key in load.Keys)
        {
            if (_pool.TryHold(key, out var use))
            {
                if (_pool.TryKeep(use, out var page)) promoted.Add(new HeldPage(key.Tenant, page.Page, page.Checksum, _pool.Locate(_options.Store, use), IsCertain: true));
                places.Add(_pool.Locate(_options.Store, use));
                _pool.Release(use.Slot);
            }
            else
            {
                places.Add(_persistence?.Load(key) is { } loaded ? _pool.Locate(_options.Store, loaded) : null);
                if (_disk is null || !_disk.Contains(key)) lost.Add(key);
            }
        }

        TellDisk(lost, isAdded: false);
        if (promoted.Count > 0) Adopt(promoted);
        return new PutDone(places.MoveToImmutable());
    }

    private SlotUse?[] Allocate(StoredPage[] pages)
    {
        var uses = new SlotUse?[pages.Length];
        if (Volatile.Read(ref _isDraining)) return uses;
        for (var i = 0; i < pages.Length; i++)
        {
            if (!StoreShape.IsPageSize(pages[i].SizeBytes)) continue;
            if (_pool.TryAllocate(pages[i], out var use)) uses[i] = use;
            else Interlocked.Increment(ref _refused);
        }

        foreach (var size in pages.Select(page => page.SizeBytes).Distinct().Where(StoreShape.IsPageSize)) _transfers.Offer(size);
        return uses;
    }

    private void Settle(SlotUse?[] uses, bool[] taken)
    {
        for (var i = 0; i < uses.Length; i++)
        {
            if (uses[i] is not { } use) continue;
            if (taken[i]) _pool.Written(use, isKept: false);
            else _pool.Free(use);
        }
    }

    private void OnKeep(Keep keep)
    {
        if (keep.Epoch != _pool.Epoch) return;
        foreach (var use in keep.Slots) _pool.TryKeep(use, out _);
    }

    private void OnFree(Free free)
    {
        if (free.Epoch != _pool.Epoch) return;
        foreach (var use in free.Slots) _pool.Free(use);
    }

    /// <param name="Asker">Gets the reply.</param>
    /// <param name="Pages">Of a reply that says that nothing came; 0 if nobody needs one.</param>
    private sealed record Transfer(IActorRef Asker, int Pages, Func<CancellationToken, Task<object>> Run);

    private sealed record TransferEnded(Transfer Transfer, object? Reply);

    private sealed record ReportTick
    {
        public static readonly ReportTick Instance = new();
    }

    private sealed record AskTick
    {
        public static readonly AskTick Instance = new();
    }

    private sealed record SnapshotTick
    {
        public static readonly SnapshotTick Instance = new();
    }
}
