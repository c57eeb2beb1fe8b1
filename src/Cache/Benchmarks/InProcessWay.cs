using System.Collections.Immutable;
using System.Diagnostics;
using ActorInference.Actors.Ids;
using ActorInference.Actors.Kv;
using ActorInference.Actors.Protocols;
using Akka.Actor;

namespace ActorInference.Cache.Benchmarks;

/// <summary>Pages from actor to actor of one process: their references travel, and the receiver takes its own.</summary>
internal sealed class InProcessWay : IBenchmarkWay
{
    private const int LatencySamples = 200;

    /// <summary>For how long all pages are moved again and again: once would be over before a clock of CPU time moved.</summary>
    private static readonly TimeSpan Span = TimeSpan.FromMilliseconds(500);

    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);

    private readonly int[] _pages;
    private readonly int _group;
    private readonly ActorSystem _system = ActorSystem.Create("transfer-benchmark");
    private readonly IActorRef _sender;

    public InProcessWay(IPageMemory pool, int[] pages)
    {
        (_pages, _group) = (pages, TransferBenchmarkPeer.PagesOfMessage(pool.Layout.PageBytes));
        var receiver = _system.ActorOf(Props.Create(() => new Receiver(pool)));
        _sender = _system.ActorOf(Props.Create(() => new SenderActor(pool, receiver)));
    }

    /// <summary>Nothing is summed that does not leave its process.</summary>
    public async Task<double> MoveAllAsync(bool withSums, CancellationToken cancellationToken)
    {
        var (seconds, passes) = (0.0, 0);
        for (; seconds < Span.TotalSeconds; passes++) seconds += await MoveAsync(_pages, _group, cancellationToken).ConfigureAwait(false);
        return seconds / passes;
    }

    public async Task<double> LatencyUsAsync(CancellationToken cancellationToken)
    {
        var times = new List<double>(LatencySamples);
        for (var i = 0; i < LatencySamples; i++) times.Add(1e6 * await MoveAsync([_pages[i % _pages.Length]], 1, cancellationToken).ConfigureAwait(false));
        return BenchmarkWays.Median(times);
    }

    public async ValueTask DisposeAsync() => await _system.Terminate().WaitAsync(Deadline).ConfigureAwait(false);

    private async Task<double> MoveAsync(int[] pages, int group, CancellationToken cancellationToken)
    {
        var start = Stopwatch.GetTimestamp();
        await _sender.Ask<Moved>(new Move(pages, group), Deadline, cancellationToken).ConfigureAwait(false);
        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    private sealed record Move(int[] Pages, int Group);

    private sealed record Moved
    {
        public static readonly Moved Instance = new();
    }

    private sealed class SenderActor : ReceiveActor
    {
        private readonly PageTransit _transit;
        private IActorRef _asker = ActorRefs.Nobody;

        public SenderActor(IPageMemory pool, IActorRef receiver)
        {
            _transit = new PageTransit(pool, TimeProvider.System);
            Receive<Move>(move =>
            {
                _asker = Sender;
                for (var first = 0; first < move.Pages.Length; first += move.Group)
                {
                    var pages = move.Pages.AsSpan(first, Math.Min(move.Group, move.Pages.Length - first));
                    var references = ImmutableArray.CreateBuilder<KvPageReference>(pages.Length);
                    foreach (var page in pages) references.Add(new KvPageReference(page, pool.Generation(page)));
                    var transfer = _transit.Hold(receiver, pages);
                    receiver.Tell(new KvTransferProtocol.KvPages(
                        new AttemptId(new RequestId("bench"), 0), transfer, pool.Id, first, references.MoveToImmutable(), null));
                }
            });
            Receive<KvTransferProtocol.PagesLanded>(landed =>
            {
                _transit.Release(landed.Transfer);
                if (_transit.Count == 0) _asker.Tell(Moved.Instance);
            });
        }
    }

    private sealed class Receiver : ReceiveActor
    {
        public Receiver(IPageMemory pool) => Receive<KvTransferProtocol.KvPages>(pages =>
        {
            var held = new int[pages.Pages.Length];
            for (var i = 0; i < held.Length; i++)
            {
                held[i] = pages.Pages[i].Page;
                if (!pool.TryAddReference(held[i], pages.Pages[i].Generation)) throw new InvalidOperationException($"Page {held[i]} was released under way.");
            }

            Sender.Tell(new KvTransferProtocol.PagesLanded(pages.Transfer));
            pool.Release(held);
        });
    }
}
