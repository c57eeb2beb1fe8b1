using System.Collections.Immutable;
using System.Runtime.InteropServices;
using ActorInference.Actors.Ids;
using ActorInference.Actors.Kv;
using ActorInference.Actors.Protocols;
using Akka.Actor;
using Akka.Event;

namespace ActorInference.Cache.Transfer;

/// <summary>
/// One a pool: brings the pages of messages from other processes into it, then delivers the messages as if they came from
/// within. Messages of one attempt keep their order; the bytes under way are bounded. The sender is told as soon as its
/// pages are copied; the copies are held until the worker has taken them.
/// </summary>
public sealed class KvCourierActor : ReceiveActor, IWithTimers
{
    private static readonly TimeSpan DeliveryDeadline = TimeSpan.FromSeconds(30);

    private readonly IPageMemory _pool;
    private readonly PageFetcherOptions _options;
    private readonly PageFetcher _fetcher;
    private readonly PageTransit _transit;
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly CancellationTokenSource _stop = new();
    private readonly List<Order> _waiting = [];
    private readonly Dictionary<AttemptId, Task<object>> _active = [];
    private readonly HashSet<IActorRef> _watched = [];
    private readonly Dictionary<KvPoolId, long> _peerBytes = [];
    private long _bytesInFlight;

    /// <param name="pool">Gets the pages.</param>
    /// <param name="fetcher">Brings them into it; its owner disposes it after the actor has stopped.</param>
    public KvCourierActor(IPageMemory pool, PageFetcher fetcher)
    {
        (_pool, _fetcher, _options) = (pool, fetcher, fetcher.Options);
        _transit = new PageTransit(pool, TimeProvider.System);
        Receive<KvTransferProtocol.Fetch>(fetch => Take(new Order(fetch, Sender)));
        Receive<Fetched>(fetched => fetched.By == this, Deliver);   // Not of an instance before a restart: it has given them back.
        Receive<NotFetched>(failed => failed.By == this, Fail);
        Receive<KvTransferProtocol.PagesLanded>(landed => _transit.Release(landed.Transfer));
        Receive<KvTransferProtocol.PagesRefused>(refused => _transit.Release(refused.Transfer));
        Receive<Terminated>(terminated =>
        {
            _watched.Remove(terminated.ActorRef);
            _transit.ReleaseFor(terminated.ActorRef);
        });
        Receive<Sweep>(_ =>
        {
            _transit.ReleaseOlderThan(DeliveryDeadline);
            _fetcher.ReleaseAbandoned();
        });
    }

    public ITimerScheduler Timers { get; set; } = null!;

    public static Props Props(IPageMemory pool, PageFetcher fetcher) => Akka.Actor.Props.Create(() => new KvCourierActor(pool, fetcher));

    protected override void PreStart() => Timers.StartPeriodicTimer(nameof(Sweep), Sweep.Instance, DeliveryDeadline / 4);

    protected override void PostStop()
    {
        _stop.Cancel();
        _stop.Dispose();
        _transit.ReleaseAll();
        foreach (var fetch in _active.Values) _ = ReleaseWhenDoneAsync(fetch, _pool);
        base.PostStop();
    }

    private void Take(Order order)
    {
        if (_waiting.Count >= _options.MaxWaiting)
        {
            Refuse(order, TransferError.NoRoom, $"{_waiting.Count} page messages wait already.");
            return;
        }

        _waiting.Add(order);
        StartWhatMay();
    }

    private void StartWhatMay()
    {
        // The first message of each attempt that is not under way, as far as credit reaches.
        var blocked = new HashSet<AttemptId>(_active.Keys);
        for (var i = 0; i < _waiting.Count;)
        {
            var order = _waiting[i];
            var bytes = Bytes(order);
            if (!blocked.Add(order.Attempt) || !HasCredit(order, bytes))
            {
                i++;
                continue;
            }

            _waiting.RemoveAt(i);
            Start(order, bytes);
        }
    }

    private bool HasCredit(Order order, long bytes)
    {
        var ofPeer = _peerBytes.GetValueOrDefault(order.Fetch.Pages.Pool);
        return (_bytesInFlight == 0 || _bytesInFlight + bytes <= _options.MaxBytesInFlight)
            && (ofPeer == 0 || ofPeer + bytes <= _options.MaxPeerBytesInFlight);
    }

    private void Charge(Order order, long bytes)
    {
        _bytesInFlight += bytes;
        ref var ofPeer = ref CollectionsMarshal.GetValueRefOrAddDefault(_peerBytes, order.Fetch.Pages.Pool, out _);
        ofPeer += bytes;
        if (ofPeer == 0) _peerBytes.Remove(order.Fetch.Pages.Pool);
    }

    private void Start(Order order, long bytes)
    {
        var pages = order.Fetch.Pages;
        var local = new int[pages.Pages.Length];
        if (!_pool.TryAllocate(local))
        {
            Refuse(order, TransferError.NoRoom, $"{local.Length} pages came, and the pool has {_pool.CapacityPages} with too few free.");
            return;
        }

        Charge(order, bytes);
        var fetch = FetchAsync(order, local, _stop.Token);
        _active.Add(order.Attempt, fetch);
        fetch.PipeTo(Self);
    }

    /// <summary>Pages that do not come are given back here, also when the actor is gone by then.</summary>
    private async Task<object> FetchAsync(Order order, int[] local, CancellationToken stop)
    {
        try
        {
            await _fetcher.FetchAsync(order.Fetch.Pages, local, stop).ConfigureAwait(false);
            return new Fetched(this, order, local);
        }
        catch (Exception failure) when (failure is TransferException or OperationCanceledException or ObjectDisposedException)
        {
            _pool.Release(local);
            return new NotFetched(this, order, (failure as TransferException)?.Error ?? TransferError.Stopped, failure.Message);
        }
    }

    private static async Task ReleaseWhenDoneAsync(Task<object> fetch, IPageMemory pool)
    {
        if (await fetch.ConfigureAwait(false) is Fetched fetched) pool.Release(fetched.Local);
    }

    private void Deliver(Fetched fetched)
    {
        var (order, local) = (fetched.Order, fetched.Local);
        Finish(order);
        var references = ImmutableArray.CreateBuilder<KvPageReference>(local.Length);
        foreach (var page in local) references.Add(new KvPageReference(page, _pool.Generation(page)));
        order.Fetch.Sender.Tell(new KvTransferProtocol.PagesLanded(order.Fetch.Pages.Transfer), order.Worker);
        if (_watched.Add(order.Worker)) Context.Watch(order.Worker);
        var transfer = _transit.TakeOver(order.Worker, local);
        order.Worker.Tell(order.Fetch.Pages with { Transfer = transfer, Pool = _pool.Id, Pages = references.MoveToImmutable(), Remote = null });
        StartWhatMay();
    }

    private void Fail(NotFetched failed)
    {
        Finish(failed.Order);
        Refuse(failed.Order, failed.Error, failed.Reason);
        StartWhatMay();
    }

    private void Finish(Order order)
    {
        _active.Remove(order.Attempt);
        Charge(order, -Bytes(order));
    }

    private void Refuse(Order order, TransferError error, string reason)
    {
        _log.Warning("Pages of {0} did not come: {1}", order.Attempt, reason);
        order.Fetch.Sender.Tell(new KvTransferProtocol.PagesRefused(order.Fetch.Pages.Transfer), order.Worker);
        order.Worker.Tell(new KvTransferProtocol.FetchFailed(order.Attempt, reason) { Error = error });
        _waiting.RemoveAll(waiting => waiting.Attempt == order.Attempt && Drop(waiting));
    }

    /// <summary>What follows pages that did not come is of no use.</summary>
    private static bool Drop(Order order)
    {
        order.Fetch.Sender.Tell(new KvTransferProtocol.PagesRefused(order.Fetch.Pages.Transfer), order.Worker);
        return true;
    }

    private long Bytes(Order order) => (long)order.Fetch.Pages.Pages.Length * _pool.Layout.PageBytes;

    private sealed record Order(KvTransferProtocol.Fetch Fetch, IActorRef Worker)
    {
        public AttemptId Attempt => Fetch.Pages.Attempt;
    }

    private sealed record Fetched(KvCourierActor By, Order Order, int[] Local);

    private sealed record NotFetched(KvCourierActor By, Order Order, TransferError Error, string Reason);

    private sealed record Sweep
    {
        public static readonly Sweep Instance = new();
    }
}
