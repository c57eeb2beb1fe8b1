using System.Buffers;
using ActorInference.Actors.Kv;

namespace ActorInference.Cache.Tiers;

/// <summary>The way back to a device's pool.</summary>
public sealed partial class HostPool
{
    public TierLoad Load(ReadOnlySpan<KvPageKey> keys, int mark, IPageMemory into, ReadOnlySpan<int> pages)
    {
        CheckLayout(into);
        var sources = ArrayPool<int>.Shared.Rent(keys.Length);
        try
        {
            var (found, _) = PinLeading(keys, mark, sources);
            var good = Copy(sources.AsSpan(0, found), into, pages);
            return new TierLoad(good, EndLoad(sources.AsSpan(0, found), good, used: good));
        }
        finally
        {
            ArrayPool<int>.Shared.Return(sources);
        }
    }

    public IPageLoad? BeginLoad(ReadOnlySpan<KvPageKey> keys, int mark, IPageMemory into, ReadOnlySpan<int> pages)
    {
        CheckLayout(into);
        if (!LayeredLoad.Fits(Layout)) return null;
        var landing = into.HasBytes ? null : (into as IDevicePages)?.BeginLanding(Layout.Layers);
        if (!into.HasBytes && landing is null) return null;
        var sources = new int[keys.Length];
        var (found, storage) = PinLeading(keys, mark, sources);
        if (found > 0) return LayeredLoad.Start(this, sources[..found], storage, into, landing, pages[..found].ToArray(), _time);
        landing?.Finish();
        return null;
    }

    /// <summary>The bytes of a page that is pinned.</summary>
    internal ReadOnlySpan<byte> Source(int page) => _memory.Span(page);

    /// <summary>The checksum of a page that is pinned.</summary>
    internal uint ChecksumOf(int page) => _index.Checksum(page);

    /// <summary>Lets the sources of a load go, and forgets the first that was wrong.</summary>
    /// <param name="good">How many of the first ones were right.</param>
    /// <param name="used">And how many of these are used: of the others it still counts that they came from storage.</param>
    /// <returns>How many of those used had come from storage and are used for the first time.</returns>
    internal int EndLoad(ReadOnlySpan<int> sources, int good, int used)
    {
        var storage = 0;
        lock (_lock)
        {
            for (var i = 0; i < sources.Length; i++)
            {
                if (i < used && _index.TakeFromStorage(sources[i])) storage++;
                Unpin(sources[i], drop: i == good);
            }

            _loaded += good;
            if (good < sources.Length) _rotten++;
        }

        return storage;
    }

    /// <returns>How many of the first keys are here, and how many of those pages came from storage and are used for the first time.</returns>
    private (int Found, int FromStorage) PinLeading(ReadOnlySpan<KvPageKey> keys, int mark, int[] sources)
    {
        var (found, storage) = (0, 0);
        lock (_lock)
        {
            for (; found < keys.Length && _index.TryGet(keys[found], out sources[found]); found++)
            {
                _index.Touch(sources[found], mark);
                _index.Pin(sources[found]);
                if (_index.IsFromStorage(sources[found])) storage++;
            }
        }

        return (found, storage);
    }

    /// <returns>How many of the first pages were right.</returns>
    private int Copy(ReadOnlySpan<int> sources, IPageMemory into, ReadOnlySpan<int> pages)
    {
        for (var i = 0; i < sources.Length; i++)
        {
            if (Copy(_memory.Span(sources[i]), into, pages[i]) != _index.Checksum(sources[i])) return i;
        }

        return sources.Length;
    }

    /// <returns>The checksum of what was copied.</returns>
    private static uint Copy(ReadOnlySpan<byte> source, IPageMemory into, int page)
    {
        if (into.HasBytes) return PageChecksum.Copy(source, into.Bytes(page).Span);
        into.Write(page, source);
        return PageChecksum.Compute(source);
    }
}
