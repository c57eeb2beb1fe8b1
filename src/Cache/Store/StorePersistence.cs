using System.Diagnostics;
using ActorInference.Actors.Protocols;
using static ActorInference.Actors.Protocols.CacheShardProtocol;

namespace ActorInference.Cache.Store;

/// <summary>Moves pages between a store's memory and its disk. Blocks; to be run off the actor. Thread-safe.</summary>
internal sealed class StorePersistence(StorePool pool, StoreDisk disk, CacheStoreOptions options)
{
    /// <summary>Pages that are read from a file, or told to shards, at once.</summary>
    private const int RunPages = 512;

    /// <summary>And their bytes, unless one page has more: enough for a disk to be at its best, and little enough for several.</summary>
    private const int RunBytes = 8 << 20;

    /// <summary>While one waits for the disk others wait too, so that it always has the next, or compare what has come.</summary>
    private const int WarmUpThreads = 4;

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
        using var runs = disk.Scan().SelectMany(file => Runs(file.Pages).Select(run => (file.Bucket, Pages: run))).GetEnumerator();
        var gate = new Lock();
        // Threads of their own: they wait for the disk, and the pool would be slow to give them as many.
        var threads = Enumerable.Range(0, WarmUpThreads).Select(_ => Task.Factory.StartNew(
            () =>
            {
                while (Next() is { Pages: { } pages } run)
                {
                    var warmed = WarmRun(run.Bucket, pages);
                    Interlocked.Add(ref found, pages.Count - warmed.Lost.Count);
                    tell(warmed);
                }
            },
            cancellationToken, TaskCreationOptions.LongRunning, TaskScheduler.Default));
        Task.WaitAll([.. threads], CancellationToken.None);
        return (found, Stopwatch.GetElapsedTime(started));

        (DiskBucket Bucket, List<IndexedPage> Pages) Next()
        {
            cancellationToken.ThrowIfCancellationRequested();
            lock (gate) return runs.MoveNext() ? runs.Current : default;
        }
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
        var (run, bytes) = (new List<IndexedPage>(), 0L);
        foreach (var page in pages)
        {
            if (run.Count == RunPages || (run.Count > 0 && (bytes + page.Page.SizeBytes > RunBytes || run[^1].Offset + run[^1].Page.SizeBytes != page.Offset)))
            {
                yield return run;
                (run, bytes) = ([], 0);
            }

            run.Add(page);
            bytes += page.Page.SizeBytes;
        }

        if (run.Count > 0) yield return run;
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
