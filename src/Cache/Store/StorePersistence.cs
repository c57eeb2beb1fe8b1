using System.Collections.Concurrent;
using System.Diagnostics;
using ActorInference.Actors.Protocols;
using static ActorInference.Actors.Protocols.CacheShardProtocol;

namespace ActorInference.Cache.Store;

/// <summary>Moves pages between a store's memory and its disk. Blocks; to be run off the actor. Thread-safe.</summary>
internal sealed class StorePersistence(StorePool pool, StoreDisk disk, CacheStoreOptions options)
{
    /// <summary>Pages that are read from a file, or told to shards, at once.</summary>
    private const int RunPages = 64;

    private const int WarmUpThreads = 2;

    /// <summary>Runs that the system is reading from the disk while others are compared.</summary>
    private const int RunsAhead = 8;

    /// <summary>What a snapshot did.</summary>
    public sealed record Snapshot(List<TenantKey> Written, List<TenantKey> Evicted);

    /// <summary>Pages that are known again.</summary>
    /// <param name="Lost">Those that turned out to be broken.</param>
    public sealed record Warmed(List<HeldPage> Pages, List<TenantKey> Lost);

    /// <summary>Writes all wanted pages that are not on disk yet.</summary>
    public Snapshot Write()
    {
        var (written, evicted) = (new List<TenantKey>(), new List<TenantKey>());
        var missing = pool.List(withCertain: true, TimeSpan.MaxValue).Where(slot => slot.IsCertain && !disk.Contains(slot.Page.TenantKey));
        foreach (var part in missing.Chunk((int)Math.Max(1, disk.Options.BucketBytes / Math.Max(1, LargestPage(missing)))))
        {
            var held = part.Where(slot => pool.TryAddReference(slot.Use.Slot, slot.Use.Generation)).ToList();
            try
            {
                written.AddRange(disk.Write([.. held.Select(slot => (slot.Page, (ReadOnlyMemory<byte>)pool.MemoryOf(slot.Use.Slot)))], evicted));
            }
            finally
            {
                foreach (var slot in held) pool.Release(slot.Use.Slot);
            }
        }

        return new Snapshot(written, evicted);
    }

    /// <summary>
    /// Brings pages back that an earlier process persisted: into memory as far as that goes, the newest first; the others are
    /// found on disk. Each is compared with its checksum when it is read.
    /// </summary>
    /// <param name="tell">Is told as they come, from several threads.</param>
    public (long Pages, TimeSpan Took) WarmUp(Action<Warmed> tell, CancellationToken cancellationToken)
    {
        var started = Stopwatch.GetTimestamp();
        var found = 0L;
        var runs = Ahead(disk.Scan().SelectMany(file => Runs(file.Pages).Select(run => (file.Bucket, Pages: run))));
        var parallel = new ParallelOptions { MaxDegreeOfParallelism = WarmUpThreads, CancellationToken = cancellationToken };
        Parallel.ForEach(Partitioner.Create(runs, EnumerablePartitionerOptions.NoBuffering), parallel, run =>
        {
            var warmed = WarmRun(run.Bucket, run.Pages);
            Interlocked.Add(ref found, run.Pages.Count - warmed.Lost.Count);
            tell(warmed);
        });
        return (found, Stopwatch.GetElapsedTime(started));
    }

    /// <summary>Brings a page into memory for a reader.</summary>
    /// <returns>Null if it is not on disk, broken, or there is no room.</returns>
    public CacheStoreProtocol.SlotUse? Load(in TenantKey key)
    {
        if (!disk.TryFind(key, out var page) || !pool.TryAllocate(page, out var use)) return null;
        if (disk.TryRead(key, pool.MemoryOf(use.Slot)))
        {
            pool.Written(use, isKept: false);
            return use;
        }

        pool.Free(use);
        return null;
    }

    private static int LargestPage(IEnumerable<(CacheStoreProtocol.SlotUse Use, StoredPage Page, bool IsCertain)> slots)
    {
        var largest = 1;
        foreach (var (_, page, _) in slots) largest = Math.Max(largest, page.SizeBytes);
        return largest;
    }

    /// <summary>Pages that follow each other in the file without a gap.</summary>
    private static IEnumerable<List<IndexedPage>> Runs(List<IndexedPage> pages)
    {
        var run = new List<IndexedPage>();
        foreach (var page in pages)
        {
            if (run.Count == RunPages || (run.Count > 0 && run[^1].Offset + run[^1].Page.SizeBytes != page.Offset))
            {
                yield return run;
                run = [];
            }

            run.Add(page);
        }

        if (run.Count > 0) yield return run;
    }

    /// <summary>The same, with the disk at work on those that come next and have room in memory.</summary>
    private IEnumerable<(DiskBucket Bucket, List<IndexedPage> Pages)> Ahead(IEnumerable<(DiskBucket Bucket, List<IndexedPage> Pages)> runs)
    {
        var ahead = new Queue<(DiskBucket Bucket, List<IndexedPage> Pages)>();
        foreach (var run in runs)
        {
            if (HasRoom(run.Pages[0])) run.Bucket.ReadAhead(run.Pages[0].Offset, run.Pages[^1].Offset + run.Pages[^1].Page.SizeBytes - run.Pages[0].Offset);
            ahead.Enqueue(run);
            if (ahead.Count > RunsAhead) yield return ahead.Dequeue();
        }

        while (ahead.TryDequeue(out var last)) yield return last;
    }

    private bool HasRoom(in IndexedPage page) => pool.UsedBytes + page.Page.SizeBytes <= disk.Options.WarmShare * pool.CapacityBytes;

    private Warmed WarmRun(DiskBucket bucket, List<IndexedPage> pages)
    {
        var held = pages.ConvertAll(page => new HeldPage(page.Page.Tenant, page.Page.Page, page.Page.Checksum, Replica.OnDisk(options.Store), IsCertain: true));
        var uses = new List<CacheStoreProtocol.SlotUse>();
        foreach (var page in pages)
        {
            if (!HasRoom(page) || !pool.TryAllocate(page.Page, out var use)) break;
            uses.Add(use);
        }

        if (uses.Count == 0) return new Warmed(held, []);
        var read = disk.ReadRun(bucket, pages[..uses.Count], uses.ConvertAll(use => pool.MemoryOf(use.Slot)));
        var (right, lost) = (new List<HeldPage>(2 * pages.Count), new List<TenantKey>());
        for (var i = 0; i < pages.Count; i++)
        {
            if (i < read.Length && !read[i])
            {
                pool.Free(uses[i]);
                lost.Add(pages[i].Page.TenantKey);
                continue;
            }

            right.Add(held[i]);
            if (i >= read.Length) continue;
            pool.Written(uses[i], isKept: true);
            right.Add(held[i] with { Replica = pool.Locate(options.Store, uses[i]) });
        }

        return new Warmed(right, lost);
    }
}
