using ActorInference.Actors.Kv;

namespace ActorInference.Cache.Tests.Radix;

/// <summary>A pool of page numbers whose reference counts a test can see. Every page has another number, ever.</summary>
internal sealed class CountedPages : IPageReferences
{
    private readonly Dictionary<int, int> _references = [];
    private int _last;

    /// <summary>Pages by number, with their references; free ones are not there.</summary>
    public IReadOnlyDictionary<int, int> References => _references;

    /// <summary>Pages with one reference each, the caller's.</summary>
    public int[] Take(int count)
    {
        var pages = new int[count];
        for (var i = 0; i < count; i++) _references[pages[i] = ++_last] = 1;
        return pages;
    }

    public void AddReferences(ReadOnlySpan<int> pages)
    {
        foreach (var page in pages)
        {
            if (!_references.ContainsKey(page)) throw new InvalidOperationException($"Page {page} is free.");
        }

        foreach (var page in pages) _references[page]++;
    }

    public void Release(ReadOnlySpan<int> pages)
    {
        foreach (var page in pages)
        {
            if (!_references.TryGetValue(page, out var count)) throw new InvalidOperationException($"Page {page} is free.");
            if (count == 1) _references.Remove(page);
            else _references[page] = count - 1;
        }
    }
}
