using ActorInference.Actors.Kv;
using ActorInference.Cache.Tiers;

namespace ActorInference.Cache.Tests.Tiers;

/// <summary>A storage in memory, with the faults of real ones: lost, late, failing, and rotten pages.</summary>
internal sealed class MemoryStorage : IPageStorage
{
    private readonly Lock _lock = new();
    private readonly Dictionary<KvPageKey, (byte[] Bytes, uint Checksum)> _pages = [];

    private int _reading;

    public event Action? PagesLost;

    /// <summary>Called before each operation; may throw, or wait.</summary>
    public Func<CancellationToken, ValueTask> Before { get; set; } = static _ => ValueTask.CompletedTask;

    public int Count
    {
        get { lock (_lock) return _pages.Count; }
    }

    public int Queries { get; private set; }

    public int Puts { get; private set; }

    /// <summary>Reads that were under way at the same time, at most.</summary>
    public int MostReading { get; private set; }

    /// <summary>Loses all that it has.</summary>
    public void Lose()
    {
        lock (_lock) _pages.Clear();
        PagesLost?.Invoke();
    }

    /// <summary>Says that something is lost, which is not so.</summary>
    public void Alarm() => PagesLost?.Invoke();

    public async ValueTask<int> FindLeadingAsync(PageRun run, CancellationToken cancellationToken)
    {
        await Before(cancellationToken);
        lock (_lock)
        {
            Queries++;
            return run.Keys.TakeWhile(_pages.ContainsKey).Count();
        }
    }

    public async ValueTask<int> GetAsync(PageRun run, IPageMemory into, ReadOnlyMemory<int> pages, Memory<uint> checksums, CancellationToken cancellationToken)
    {
        lock (_lock) MostReading = Math.Max(MostReading, ++_reading);
        try
        {
            await Before(cancellationToken);
            return Read(run, into, pages.Span, checksums.Span);
        }
        finally
        {
            lock (_lock) _reading--;
        }
    }

    public async ValueTask<int> PutAsync(PageRun run, IPageMemory from, ReadOnlyMemory<int> pages, ReadOnlyMemory<uint> checksums, CancellationToken cancellationToken)
    {
        await Before(cancellationToken);
        lock (_lock) Puts++;
        for (var i = 0; i < run.Count; i++)
        {
            var bytes = from.Bytes(pages.Span[i]).ToArray();
            if (PageChecksum.Compute(bytes) != checksums.Span[i]) return i;
            lock (_lock) _pages[run.Keys[i]] = (bytes, checksums.Span[i]);
        }

        return run.Count;
    }

    /// <summary>Turns a bit of a page.</summary>
    public void Flip(KvPageKey key)
    {
        lock (_lock) _pages[key].Bytes[5] ^= 4;
    }

    private int Read(PageRun run, IPageMemory into, ReadOnlySpan<int> pages, Span<uint> checksums)
    {
        for (var i = 0; i < run.Count; i++)
        {
            lock (_lock)
            {
                if (!_pages.TryGetValue(run.Keys[i], out var page) || PageChecksum.Compute(page.Bytes) != page.Checksum) return i;
                page.Bytes.CopyTo(into.Bytes(pages[i]));
                checksums[i] = page.Checksum;
            }
        }

        return run.Count;
    }

    /// <summary>Loses a page, or turns one of its bits.</summary>
    public void Damage(Random random)
    {
        lock (_lock)
        {
            if (_pages.Count == 0) return;
            var key = _pages.Keys.ElementAt(random.Next(_pages.Count));
            if (random.Next(2) == 0) _pages.Remove(key);
            else _pages[key].Bytes[random.Next(_pages[key].Bytes.Length)] ^= (byte)(1 << random.Next(8));
        }
    }
}
