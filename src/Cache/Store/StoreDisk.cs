using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using ActorInference.Actors.Kv;
using static ActorInference.Actors.Protocols.CacheShardProtocol;

namespace ActorInference.Cache.Store;

/// <summary>
/// The pages that a store has on disk: files of many pages each, written at once and never changed, the one that was unused
/// longest deleted when room is needed. Thread-safe; one writer at a time.
/// </summary>
/// <remarks>
/// I/O is buffered by the system, since a page is read back soon and what is written in large files streams at disk speed; all but the warm-up's, which
/// reads everything once and goes past the system's cache where that has nothing of it.
/// </remarks>
public sealed class StoreDisk : IDisposable
{
    private readonly StoreDiskOptions _options;
    private readonly TimeProvider _time;
    private readonly Lock _lock = new();
    private readonly Lock _writing = new();
    private readonly SortedDictionary<long, DiskBucket> _buckets = [];
    private readonly Dictionary<TenantKey, DiskBucket> _byKey = [];
    private readonly FileStream _folder;
    private long _nextNumber = 1;
    private bool _isDisposed;
    private long _failedWrites;
    private long _corrupt;

    /// <summary>Finds what earlier processes left.</summary>
    /// <exception cref="IOException">The folder cannot be made or read, or another process has it.</exception>
    public StoreDisk(StoreDiskOptions options, TimeProvider time)
    {
        (_options, _time) = (options, time);
        Directory.CreateDirectory(options.Path);
        _folder = new FileStream(
            Path.Combine(options.Path, "lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, bufferSize: 1, FileOptions.DeleteOnClose);
        QuotaBytes = options.QuotaBytes > 0 ? options.QuotaBytes : (long)(StoreDiskOptions.DefaultDiskShare * DiskBytes(options.Path));
        foreach (var number in Numbers())
        {
            _nextNumber = Math.Max(_nextNumber, number + 1);
            if (DiskBucket.Open(options.Path, number, out var damaged) is { } bucket) Add(bucket);
            _corrupt += damaged;
        }

        EvictFor(0);
    }

    public StoreDiskOptions Options => _options;

    public long QuotaBytes { get; }

    public long UsedBytes
    {
        get { lock (_lock) return _buckets.Values.Sum(bucket => bucket.Bytes); }
    }

    public long PageCount
    {
        get { lock (_lock) return _byKey.Count; }
    }

    /// <summary>Writes that failed, since the start.</summary>
    public long FailedWrites => Interlocked.Read(ref _failedWrites);

    /// <summary>Pages that were damaged, since the start.</summary>
    public long CorruptPages => Interlocked.Read(ref _corrupt);

    public bool Contains(in TenantKey key)
    {
        lock (_lock) return _byKey.ContainsKey(key);
    }

    /// <summary>Persists pages that the caller holds, except those that are there.</summary>
    /// <param name="evicted">Receives pages that had to go for them.</param>
    /// <returns>Those that are on disk now and were not before.</returns>
    public List<TenantKey> Write(IReadOnlyList<(StoredPage Page, ReadOnlyMemory<byte> Bytes)> pages, List<TenantKey> evicted)
    {
        var written = new List<TenantKey>();
        lock (_writing)
        {
            if (_isDisposed) return written;
            WriteDirtyIndexes();
            foreach (var part in Parts(pages.Where(page => !Contains(page.Page.TenantKey))))
            {
                var bytes = part.Sum(page => (long)page.Bytes.Length);
                if (bytes > QuotaBytes) continue;
                evicted.AddRange(EvictFor(bytes));
                try
                {
                    var bucket = DiskBucket.Write(_options.Path, _nextNumber++, part);
                    Add(bucket);
                    written.AddRange(bucket.Pages.Keys);
                }
                catch (Exception failed) when (failed is IOException or UnauthorizedAccessException)
                {
                    Interlocked.Increment(ref _failedWrites);   // An alert; the pages stay in memory, and the next snapshot tries again.
                }
            }
        }

        return written;
    }

    /// <summary>Reads a page and compares it with its checksum; one that is broken is forgotten.</summary>
    public bool TryRead(in TenantKey key, Memory<byte> target)
    {
        if (!TryFind(key, out var bucket, out var page) || page.Page.SizeBytes != target.Length) return false;
        var isRead = TryReadOne(bucket, page.Offset, target);
        if (isRead && PageChecksum.Compute(target.Span) == page.Page.Checksum)
        {
            bucket.ReadMs = _time.GetUtcNow().ToUnixTimeMilliseconds();
            return true;
        }

        Interlocked.Increment(ref _corrupt);
        Remove(key);
        return false;
    }

    /// <summary>What is known of a page.</summary>
    public bool TryFind(in TenantKey key, [MaybeNullWhen(false)] out StoredPage page)
    {
        var isFound = TryFind(key, out _, out var indexed);
        page = indexed.Page;
        return isFound;
    }

    /// <summary>Gives up a page; a file that has none left is deleted.</summary>
    public bool Remove(in TenantKey key)
    {
        DiskBucket? bucket;
        lock (_lock)
        {
            if (!_byKey.Remove(key, out bucket)) return false;
            bucket.Pages.Remove(key);
            bucket.IsDirty = true;
            if (bucket.Pages.Count > 0) return true;
            _buckets.Remove(bucket.Number);
        }

        bucket.Delete();
        return true;
    }

    /// <summary>All pages by file, the newest first, each file's in the order in which they lie in it.</summary>
    internal List<(DiskBucket Bucket, List<IndexedPage> Pages)> Scan()
    {
        lock (_lock)
            return [.. _buckets.Values.Reverse().Select(bucket => (bucket, bucket.Pages.Values.OrderBy(page => page.Offset).ToList()))];
    }

    /// <summary>Reads successive pages; those that do not compare are forgotten.</summary>
    /// <returns>For each page whether it is right.</returns>
    internal bool[] ReadRun(DiskBucket bucket, IReadOnlyList<IndexedPage> pages, IReadOnlyList<Memory<byte>> targets)
    {
        var right = new bool[pages.Count];
        var isRead = TryReadFile(() => bucket.ReadPast(pages[0].Offset, targets));
        for (var i = 0; i < right.Length; i++)
        {
            right[i] = (isRead || TryReadOne(bucket, pages[i].Offset, targets[i])) && PageChecksum.Compute(targets[i].Span) == pages[i].Page.Checksum;
            if (right[i]) continue;
            Interlocked.Increment(ref _corrupt);
            Remove(pages[i].Page.TenantKey);
        }

        return right;
    }

    public void Dispose()
    {
        lock (_writing)
        {
            if (_isDisposed) return;
            _isDisposed = true;
            WriteDirtyIndexes();
            lock (_lock)
            {
                foreach (var bucket in _buckets.Values) bucket.Dispose();
                _buckets.Clear();
                _byKey.Clear();
            }

            _folder.Dispose();
        }
    }

    private static bool TryReadOne(DiskBucket bucket, long offset, Memory<byte> target) => TryReadFile(() => bucket.Read(offset, [target]));

    private static bool TryReadFile(Func<bool> read)
    {
        try
        {
            return read();
        }
        catch (IOException)
        {
            return false;   // Counted and forgotten by the caller, as what reads wrongly is.
        }
    }

    private static long DiskBytes(string path)
    {
        var full = Path.GetFullPath(path);
        var drive = DriveInfo.GetDrives().Where(drive => full.StartsWith(drive.Name, StringComparison.Ordinal)).MaxBy(drive => drive.Name.Length);
        return drive?.TotalSize ?? throw new IOException($"Nobody knows how large the disk of '{path}' is; give a quota.");
    }

    private bool TryFind(in TenantKey key, [MaybeNullWhen(false)] out DiskBucket bucket, out IndexedPage page)
    {
        lock (_lock)
        {
            page = default;
            return _byKey.TryGetValue(key, out bucket) && bucket.Pages.TryGetValue(key, out page);
        }
    }

    private void Add(DiskBucket bucket)
    {
        lock (_lock)
        {
            bucket.ReadMs = _time.GetUtcNow().ToUnixTimeMilliseconds();
            _buckets.Add(bucket.Number, bucket);
            foreach (var key in bucket.Pages.Keys)
            {
                if (_byKey.TryGetValue(key, out var older)) older.Pages.Remove(key);
                _byKey[key] = bucket;
            }
        }
    }

    /// <summary>Deletes the files that were read least lately, until there is room.</summary>
    private List<TenantKey> EvictFor(long bytes)
    {
        var evicted = new List<TenantKey>();
        while (UsedBytes + bytes > QuotaBytes)
        {
            DiskBucket? oldest;
            lock (_lock)
            {
                oldest = _buckets.Values.MinBy(bucket => (bucket.ReadMs, bucket.Number));
                if (oldest is null) break;
                _buckets.Remove(oldest.Number);
                foreach (var key in oldest.Pages.Keys)
                {
                    _byKey.Remove(key);
                    evicted.Add(key);
                }
            }

            oldest.Delete();
        }

        return evicted;
    }

    /// <summary>A page that was given up must not come back with the next start.</summary>
    private void WriteDirtyIndexes()
    {
        List<DiskBucket> dirty;
        lock (_lock) dirty = [.. _buckets.Values.Where(bucket => bucket.IsDirty)];
        foreach (var bucket in dirty)
        {
            try
            {
                lock (_lock) bucket.WriteIndex();
            }
            catch (Exception failed) when (failed is IOException or UnauthorizedAccessException)
            {
                Interlocked.Increment(ref _failedWrites);
            }
        }
    }

    private IEnumerable<List<(StoredPage Page, ReadOnlyMemory<byte> Bytes)>> Parts(IEnumerable<(StoredPage Page, ReadOnlyMemory<byte> Bytes)> pages)
    {
        var (part, bytes) = (new List<(StoredPage, ReadOnlyMemory<byte>)>(), 0L);
        foreach (var page in pages)
        {
            if (part.Count > 0 && bytes + page.Bytes.Length > _options.BucketBytes)
            {
                yield return part;
                (part, bytes) = ([], 0);
            }

            part.Add(page);
            bytes += page.Bytes.Length;
        }

        if (part.Count > 0) yield return part;
    }

    private IEnumerable<long> Numbers()
    {
        var numbers = new SortedSet<long>();
        foreach (var path in Directory.EnumerateFiles(_options.Path, "bucket-*"))
        {
            var name = Path.GetFileNameWithoutExtension(path).Replace(DiskBucket.IndexExtension, "", StringComparison.Ordinal);
            if (long.TryParse(name["bucket-".Length..], NumberStyles.None, CultureInfo.InvariantCulture, out var number)) numbers.Add(number);
            if (path.EndsWith(".next", StringComparison.Ordinal)) File.Delete(path);
        }

        return numbers;
    }
}
