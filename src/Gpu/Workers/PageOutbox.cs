using ActorInference.Gpu.Kv;
using Akka.Actor;

namespace ActorInference.Gpu.Workers;

/// <summary>
/// Pages of one prefill job on their way out: kept, with a reference of each, until it is known who wants them, and
/// without those that he has already.
/// </summary>
internal sealed class PageOutbox(KvPagePool pool)
{
    private readonly List<int> _pages = [];
    private int _firstPage;
    private int _cachedPages;

    /// <summary>Who gets the pages; null as long as nobody has granted room.</summary>
    public IActorRef? Target { get; private set; }

    /// <summary>The token that follows the last page, once that is here.</summary>
    public int? NextToken { get; private set; }

    /// <summary>Whether every page is here.</summary>
    public bool IsComplete => NextToken is not null;

    public int HeldPages => _pages.Count;

    /// <summary>Keeps pages that follow those before.</summary>
    /// <param name="firstPage">Place of the first of them in the sequence.</param>
    /// <param name="pages">Held by the caller; a reference is taken of each.</param>
    /// <param name="nextToken">With the last ones.</param>
    public void Add(int firstPage, ReadOnlySpan<int> pages, int? nextToken)
    {
        pool.AddReferences(pages);
        if (_pages.Count == 0) _firstPage = firstPage;
        _pages.AddRange(pages);
        NextToken = nextToken;
    }

    /// <summary>Room was granted.</summary>
    /// <param name="cachedPages">The sequence's first pages that the receiver has.</param>
    public void Address(IActorRef target, int cachedPages) => (Target, _cachedPages) = (target, cachedPages);

    /// <summary>Takes what can be sent; the references of the pages are the caller's.</summary>
    /// <returns>Null if there is nothing, or nobody to send it to.</returns>
    public (int FirstPage, int[] Pages)? Take()
    {
        if (Target is null || (_pages.Count == 0 && !IsComplete)) return null;
        var known = Math.Clamp(_cachedPages - _firstPage, 0, _pages.Count);
        pool.Release(_pages.GetRange(0, known).ToArray());
        var (first, pages) = (_firstPage + known, _pages.GetRange(known, _pages.Count - known).ToArray());
        _pages.Clear();
        return pages.Length > 0 || IsComplete ? (first, pages) : null;
    }

    /// <summary>Gives back what was not sent.</summary>
    public void Release()
    {
        pool.Release(_pages.ToArray());
        _pages.Clear();
    }
}
