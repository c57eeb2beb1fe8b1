namespace ActorInference.Actors.Kv;

/// <summary>Which of a fixed number of pages are free, and how often each of the others is held. Thread-safe.</summary>
public sealed class PageCounts
{
    private readonly Lock _lock = new();
    private readonly string _noun;
    private readonly int[] _free;
    private readonly int[] _references;
    private readonly int[] _generations;
    private int _freeCount;

    /// <param name="capacityPages">All of them are free.</param>
    /// <param name="noun">What they are, for exceptions.</param>
    public PageCounts(int capacityPages, string noun)
    {
        _noun = noun;
        (_free, _references, _generations) = (new int[capacityPages], new int[capacityPages], new int[capacityPages]);
        for (var i = 0; i < capacityPages; i++) _free[i] = capacityPages - 1 - i;
        _freeCount = capacityPages;
    }

    /// <summary>Pages that nobody holds.</summary>
    public int FreePages
    {
        get { lock (_lock) return _freeCount; }
    }

    /// <summary>Takes <paramref name="pages"/>.Length pages with one reference each, or none at all.</summary>
    /// <param name="pages">Filled with page numbers on success.</param>
    /// <returns>Whether there were enough.</returns>
    public bool TryAllocate(Span<int> pages)
    {
        lock (_lock)
        {
            if (_freeCount < pages.Length) return false;
            for (var i = 0; i < pages.Length; i++)
            {
                var page = _free[--_freeCount];
                _references[page] = 1;
                pages[i] = page;
            }

            return true;
        }
    }

    /// <summary>Takes the pages of these numbers, which were in use when an earlier process ended; the others are free.</summary>
    /// <param name="taken">Whether each page is wanted. Shape <c>[capacityPages]</c>.</param>
    public void Adopt(ReadOnlySpan<bool> taken)
    {
        lock (_lock)
        {
            _freeCount = 0;
            for (var page = taken.Length - 1; page >= 0; page--)
            {
                if (taken[page]) _references[page] = 1;
                else _free[_freeCount++] = page;
            }
        }
    }

    /// <summary>Tells this use of a page from earlier and later ones; it changes whenever the page becomes free.</summary>
    /// <exception cref="InvalidOperationException">Nobody holds the page.</exception>
    public int Generation(int page)
    {
        lock (_lock)
        {
            ThrowIfFree(page);
            return _generations[page];
        }
    }

    /// <summary>Adds a reference to a page that may have been released meanwhile.</summary>
    /// <param name="generation">The <see cref="Generation"/> under which the caller knows it.</param>
    /// <returns>False if the page is no longer that one; nothing has changed then.</returns>
    public bool TryAddReference(int page, int generation)
    {
        lock (_lock)
        {
            if (_references[page] == 0 || _generations[page] != generation) return false;
            _references[page]++;
            return true;
        }
    }

    /// <summary>Adds a reference to each of the pages, which the caller holds: to all of them, or to none.</summary>
    /// <exception cref="InvalidOperationException">Nobody holds one of the pages. Nothing has changed.</exception>
    public void AddReferences(ReadOnlySpan<int> pages)
    {
        lock (_lock)
        {
            foreach (var page in pages) ThrowIfFree(page);
            foreach (var page in pages) _references[page]++;
        }
    }

    /// <summary>Gives back one reference of each page; the last one frees it.</summary>
    /// <exception cref="InvalidOperationException">A page is free already: somebody released it twice.</exception>
    public void Release(ReadOnlySpan<int> pages)
    {
        lock (_lock)
        {
            foreach (var page in pages)
            {
                ThrowIfFree(page);
                if (--_references[page] > 0) continue;
                _generations[page]++;
                _free[_freeCount++] = page;
            }
        }
    }

    private void ThrowIfFree(int page)
    {
        if (_references[page] <= 0) throw new InvalidOperationException($"{_noun} {page} is free; it was released too often.");
    }
}
