using System.Collections.Immutable;
using System.Diagnostics;
using ActorInference.Actors.Ids;
using ActorInference.Actors.Kv;
using ActorInference.Actors.Protocols;
using ActorInference.Cache.Transfer;

namespace ActorInference.Cache.Benchmarks;

/// <summary>Pages of the second process, brought as the courier brings them, with a few messages under way at once.</summary>
internal sealed class FetchedWay : IBenchmarkWay
{
    private const int MessagesUnderWay = 4;
    private const int LatencySamples = 200;

    private readonly BenchmarkPeerProcess _peer;
    private readonly int[] _pages;
    private readonly PageFetcher _fetcher;
    private readonly ImmutableArray<KvPageReference> _references;
    private readonly KvPageSource _source;
    private readonly uint[] _checksums;

    public FetchedWay(BenchmarkPeerProcess peer, IPageMemory pool, int[] pages, bool useSharedMemory)
    {
        (_peer, _pages) = (peer, pages);
        _fetcher = new PageFetcher(pool, new PageFetcherOptions { UseSharedMemory = useSharedMemory });
        // The peer has taken all its pages once, in this order, and keeps them.
        _references = [.. peer.Pages.Select(page => new KvPageReference(page, 0))];
        _source = peer.Source(pool.Layout);
        _checksums = new uint[pages.Length];
    }

    public async Task<double> MoveAllAsync(bool withSums, CancellationToken cancellationToken)
    {
        var group = TransferBenchmarkPeer.PagesOfMessage(_source.Layout.PageBytes);
        var underWay = new Queue<Task>();
        var start = Stopwatch.GetTimestamp();
        if (withSums) _peer.Tell(TransferBenchmarkPeer.Command.Announce);
        for (var first = 0; first < _pages.Length; first += group)
        {
            var count = Math.Min(group, _pages.Length - first);
            if (withSums) _peer.ReadChecksums(_checksums.AsSpan(first, count));
            if (underWay.Count == MessagesUnderWay) await underWay.Dequeue().ConfigureAwait(false);
            underWay.Enqueue(FetchAsync(first, count, cancellationToken));
        }

        foreach (var fetch in underWay) await fetch.ConfigureAwait(false);
        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    public async Task<double> LatencyUsAsync(CancellationToken cancellationToken)
    {
        var times = new List<double>(LatencySamples);
        for (var i = 0; i < LatencySamples; i++)
        {
            var start = Stopwatch.GetTimestamp();
            await FetchAsync(i % _pages.Length, 1, cancellationToken).ConfigureAwait(false);
            times.Add(Stopwatch.GetElapsedTime(start).TotalMicroseconds);
        }

        return BenchmarkWays.Median(times);
    }

    public ValueTask DisposeAsync() => _fetcher.DisposeAsync();

    private Task FetchAsync(int first, int count, CancellationToken cancellationToken)
    {
        var message = new KvTransferProtocol.KvPages(
            new AttemptId(new RequestId("bench"), 0),
            0,
            _peer.Pool,
            first,
            _references.Slice(first, count),
            null,
            new KvTransferProtocol.RemotePages(_source, [.. _checksums.AsSpan(first, count)]));
        return _fetcher.FetchAsync(message, _pages.AsMemory(first, count), cancellationToken);
    }
}
