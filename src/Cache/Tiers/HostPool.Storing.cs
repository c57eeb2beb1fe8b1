using ActorInference.Actors.Kv;

namespace ActorInference.Cache.Tiers;

/// <summary>The way to the storage tier and back.</summary>
public sealed partial class HostPool
{
    private Action<StorageWrite>? _onStored;

    /// <summary>
    /// Told of pages that the storage tier does not have, or may have no longer, as they come in or are used again; they stay pinned until
    /// <see cref="EndWriting"/>. Null if there is no such tier. Called on the thread that offered them.
    /// </summary>
    internal Action<StorageWrite>? OnStored
    {
        get => Volatile.Read(ref _onStored);
        set => Volatile.Write(ref _onStored, value);
    }

    /// <summary>Says when the storage tier is asked for what it had, once that is used.</summary>
    internal void RecheckAfter(TimeSpan age, TimeSpan settling)
    {
        lock (_lock) (_index.RecheckAfter, _index.SettleAfter) = (age, settling);
    }

    /// <summary>The storage tier may have lost anything: it is asked for each page when that is used next.</summary>
    internal void Doubt()
    {
        lock (_lock)
        {
            Advance();
            _index.Doubt();
        }
    }

    /// <summary>As <see cref="Find"/>, and has those pages stay while what follows them is brought: room for it is made by evicting.</summary>
    internal int FindToContinue(ReadOnlySpan<KvPageKey> keys)
    {
        lock (_lock)
        {
            var found = 0;
            for (; found < keys.Length && _index.TryGet(keys[found], out var page); found++) _index.Refresh(page);
            return found;
        }
    }

    /// <summary>Pages are about to be used: has those stored that are here, and that the storage tier may not have.</summary>
    /// <param name="keys">Of all the sequence's pages up to the last of them.</param>
    /// <param name="first">The first of them.</param>
    internal void StoreAgain(KvNamespaceId space, ReadOnlySpan<KvPageKey> keys, int first)
    {
        if (OnStored is null) return;
        var began = first;
        for (var i = first; i <= keys.Length; i++)
        {
            if (i < keys.Length && IsToBeWritten(keys[i])) continue;
            if (i > began) Tell(RunOf(space, keys, began, i), isAgain: true);
            began = i + 1;
        }
    }

    /// <summary>Takes pages for what is to be brought from the storage tier.</summary>
    /// <returns>How many there were.</returns>
    internal int Reserve(Span<int> pages)
    {
        lock (_lock)
        {
            var taken = 0;
            while (taken < pages.Length && TryTakePage(out pages[taken])) taken++;
            return taken;
        }
    }

    /// <summary>Takes in reserved pages whose bytes have landed.</summary>
    /// <param name="checksums">With which they have landed.</param>
    internal void Publish(PageRun run, ReadOnlySpan<int> pages, ReadOnlySpan<uint> checksums)
    {
        for (var i = 0; i < pages.Length; i++)
            Publish(pages[i], new Content(run.Keys[i], i == 0 ? run.Previous : run.Keys[i - 1], run.FirstIndex + i, Mark: 0), checksums[i], fromStorage: true);
    }

    /// <summary>Gives back reserved pages that were not needed.</summary>
    internal void Abandon(ReadOnlySpan<int> pages) => _memory.Release(pages);

    /// <returns>Whether a page, which is pinned, has the checksum that it came with.</returns>
    internal bool IsSound(int page) => PageChecksum.Compute(_memory.Span(page)) == _index.Checksum(page);

    /// <summary>Pages that <see cref="OnStored"/> was told of may go again.</summary>
    /// <param name="stored">How many of the first ones the storage tier has now.</param>
    /// <param name="isNextRotten">Whether the one after these is wrong: it is forgotten.</param>
    internal void EndWriting(ReadOnlySpan<int> pages, int stored, bool isNextRotten = false)
    {
        lock (_lock)
        {
            for (var i = 0; i < pages.Length; i++)
            {
                _index.EndWriting(pages[i], isStored: i < stored);
                Unpin(pages[i], drop: isNextRotten && i == stored);
            }

            if (isNextRotten) _rotten++;
        }
    }

    private static PageRun RunOf(KvNamespaceId space, ReadOnlySpan<KvPageKey> keys, int first, int end) =>
        new(space, first, first == 0 ? default : keys[first - 1], [.. keys[first..end]]);

    private bool IsToBeWritten(KvPageKey key)
    {
        lock (_lock) return _index.TryGet(key, out var page) && _index.IsToBeWritten(page);
    }

    /// <param name="isAgain">Whether all of them were here before.</param>
    private void Tell(PageRun run, bool isAgain)
    {
        if (OnStored is not { } told) return;
        var (pages, checksums, mayBeThere) = (new List<int>(run.Count), new List<uint>(run.Count), false);
        lock (_lock)
        {
            run = WithUnstoredBefore(run);
            // Another thread may have told of some, or evicted them.
            for (var i = 0; i < run.Count && _index.TryGet(run.Keys[i], out var page) && _index.IsToBeWritten(page); i++)
            {
                _index.Pin(page);
                _index.BeginWriting(page);
                mayBeThere |= _index.MayBeStored(page);
                pages.Add(page);
                checksums.Add(_index.Checksum(page));
            }
        }

        if (pages.Count > 0) told(new StorageWrite(run with { Keys = run.Keys[..pages.Count] }, [.. pages], [.. checksums], isAgain, mayBeThere));
    }

    /// <summary>
    /// The run, and those pages before it that are here and may not be stored: what follows them cannot be found there without them.
    /// </summary>
    private PageRun WithUnstoredBefore(PageRun run)
    {
        var (first, previous) = (run.FirstIndex, run.Previous);
        var before = new List<KvPageKey>();
        for (; first > 0 && _index.TryGet(previous, out var page) && _index.IsToBeWritten(page); first--)
        {
            before.Add(previous);
            previous = _index.Previous(page);
        }

        if (before.Count == 0) return run;
        before.Reverse();
        return run with { FirstIndex = first, Previous = previous, Keys = [.. before, .. run.Keys] };
    }
}

/// <summary>Pages that the storage tier is to have; they are pinned until <see cref="HostPool.EndWriting"/>.</summary>
/// <param name="Run">Their keys.</param>
/// <param name="Pages">Where they are in the host pool.</param>
/// <param name="Checksums">Of what they should hold.</param>
/// <param name="IsAgain">Whether all of them were in the pool before: the storage tier has lost them, or could not take them, or is asked once more.</param>
/// <param name="MayBeThere">Whether it is worth asking before they are written.</param>
internal sealed record StorageWrite(PageRun Run, int[] Pages, uint[] Checksums, bool IsAgain, bool MayBeThere);
