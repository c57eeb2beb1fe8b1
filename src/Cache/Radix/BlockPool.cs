using ActorInference.Actors.Kv;

namespace ActorInference.Cache.Radix;

/// <summary>Pages without content: a fixed number of reference-counted names.</summary>
internal sealed class BlockPool : IPageReferences
{
    private readonly int[] _references;
    private readonly int[] _free;

    public BlockPool(int capacity)
    {
        _references = new int[capacity];
        _free = new int[capacity];
        for (var i = 0; i < capacity; i++) _free[i] = capacity - 1 - i;
        Free = capacity;
    }

    public int Free { get; private set; }

    public void Take(Span<int> pages)
    {
        for (var i = 0; i < pages.Length; i++)
        {
            pages[i] = _free[--Free];
            _references[pages[i]] = 1;
        }
    }

    public void AddReferences(ReadOnlySpan<int> pages)
    {
        foreach (var page in pages) _references[page]++;
    }

    public void Release(ReadOnlySpan<int> pages)
    {
        foreach (var page in pages)
        {
            if (_references[page] <= 0) throw new InvalidOperationException($"Block {page} was released too often.");
            if (--_references[page] == 0) _free[Free++] = page;
        }
    }
}
