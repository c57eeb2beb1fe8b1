using ActorInference.Actors.Kv;
using ActorInference.Cache.Tiers;

namespace ActorInference.Cache.Tests.Tiers;

/// <summary>Stores that die with all that they have and come back with nothing, and that give up pages without a word. Counts what is under way.</summary>
internal sealed class MortalStorage : IPageStorage
{
    private readonly Lock _lock = new();
    private readonly Dictionary<KvPageKey, byte[]>?[] _stores;   // Null for one that is dead.
    private int _underWay;

    public MortalStorage(int stores) => _stores = [.. Enumerable.Range(0, stores).Select(static _ => new Dictionary<KvPageKey, byte[]>())];

    public event Action? PagesLost;

    /// <summary>Pages that were being put at the same time, at most.</summary>
    public int MostUnderWay { get; private set; }

    /// <summary>Questions and puts.</summary>
    public int Calls { get; private set; }

    public bool Has(KvPageKey key)
    {
        lock (_lock) return _stores.Any(store => store?.ContainsKey(key) == true);
    }

    public void Kill(int store)
    {
        lock (_lock) _stores[store] = null;
        PagesLost?.Invoke();
    }

    /// <summary>Says that something is lost, which is not so.</summary>
    public void Alarm() => PagesLost?.Invoke();

    public void Revive(int store)
    {
        lock (_lock) _stores[store] ??= [];
    }

    /// <summary>Gives up some pages, as a store that needs room does, and tells nobody.</summary>
    public void Evict(Random random, double share)
    {
        lock (_lock)
        {
            foreach (var store in _stores)
            {
                foreach (var key in (store?.Keys ?? Enumerable.Empty<KvPageKey>()).OrderBy(static key => key.Low).ToList())
                {
                    if (random.NextDouble() < share) store!.Remove(key);
                }
            }
        }
    }

    public async ValueTask<int> FindLeadingAsync(PageRun run, CancellationToken cancellationToken)
    {
        await Task.Yield();
        lock (_lock)
        {
            Calls++;
            return run.Keys.TakeWhile(key => _stores.Any(store => store?.ContainsKey(key) == true)).Count();
        }
    }

    public async ValueTask<int> GetAsync(PageRun run, IPageMemory into, ReadOnlyMemory<int> pages, Memory<uint> checksums, CancellationToken cancellationToken)
    {
        await Task.Yield();
        for (var i = 0; i < run.Count; i++)
        {
            lock (_lock)
            {
                if (_stores.FirstOrDefault(each => each?.ContainsKey(run.Keys[i]) == true) is not { } store) return i;
                store[run.Keys[i]].CopyTo(into.Bytes(pages.Span[i]));
                checksums.Span[i] = PageChecksum.Compute(store[run.Keys[i]]);
            }
        }

        return run.Count;
    }

    public async ValueTask<int> PutAsync(PageRun run, IPageMemory from, ReadOnlyMemory<int> pages, ReadOnlyMemory<uint> checksums, CancellationToken cancellationToken)
    {
        lock (_lock) (Calls, _underWay, MostUnderWay) = (Calls + 1, _underWay + run.Count, Math.Max(MostUnderWay, _underWay + run.Count));
        try
        {
            await Task.Yield();
            return Put(run, from, pages, checksums);
        }
        finally
        {
            lock (_lock) _underWay -= run.Count;
        }
    }

    private int Put(PageRun run, IPageMemory from, ReadOnlyMemory<int> pages, ReadOnlyMemory<uint> checksums)
    {
        for (var i = 0; i < run.Count; i++)
        {
            var bytes = from.Bytes(pages.Span[i]).ToArray();
            if (PageChecksum.Compute(bytes) != checksums.Span[i]) return i;
            lock (_lock)
            {
                var living = _stores.Where(static store => store is not null).ToList();
                if (living.Count == 0) return i;
                if (!living.Any(store => store!.ContainsKey(run.Keys[i]))) living[(int)(run.Keys[i].Low % (uint)living.Count)]![run.Keys[i]] = bytes;
            }
        }

        return run.Count;
    }
}
