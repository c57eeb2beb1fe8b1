namespace ActorInference.Gpu.Engine;

/// <summary>What tests and soaks ask of it.</summary>
public sealed partial class InferenceEngine
{
    /// <summary>Checks that every page is free or held, and that each sequence holds just what it needs.</summary>
    /// <param name="heldElsewhere">Used pages that neither a sequence of this engine nor its cache holds.</param>
    /// <exception cref="InvalidOperationException">A page is lost, or held twice, or missing.</exception>
    public void CheckPages(int heldElsewhere = 0)
    {
        var (owned, cached) = (new HashSet<int>(), new HashSet<int>());
        foreach (var sequence in _sequences.Values)
        {
            foreach (var page in sequence.Pages[sequence.CachedCount..])
            {
                if (!owned.Add(page)) throw new InvalidOperationException($"Page {page} is held twice, the second time by {sequence.Id}.");
            }

            foreach (var page in sequence.Pages[..sequence.CachedCount]) cached.Add(page);

            if (sequence.PageCount < _runner.Pages.Layout.PagesFor(sequence.ComputedCount) || sequence.PageCount > sequence.ContextPages)
                throw new InvalidOperationException($"{sequence.Id} holds {sequence.PageCount} pages for {sequence.ComputedCount} computed of {sequence.TokenCount} tokens.");
        }

        if (owned.Overlaps(cached)) throw new InvalidOperationException("A page is cached, and held by a sequence as its own.");
        var (pool, cachedPages) = (_runner.Pages, _supply.CachedPages);
        if (cached.Count > cachedPages - _supply.EvictablePages)
            throw new InvalidOperationException($"Sequences hold {cached.Count} cached pages; only {cachedPages - _supply.EvictablePages} are locked.");
        if (pool.FreePages + owned.Count + cachedPages + heldElsewhere != pool.CapacityPages)
            throw new InvalidOperationException($"{pool.FreePages} pages are free, {owned.Count} held here, {cachedPages} cached and {heldElsewhere} held elsewhere; the pool has {pool.CapacityPages}.");
    }
}
