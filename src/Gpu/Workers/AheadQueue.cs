using System.Diagnostics.CodeAnalysis;
using ActorInference.Actors.Ids;
using ActorInference.Actors.Protocols;

namespace ActorInference.Gpu.Workers;

/// <summary>
/// Prefill jobs for which no decode worker has granted room. A few of them may begin, so that the first token need not wait for
/// the grant; the others are kept here until there is one, or room. First come, first served.
/// </summary>
/// <param name="maxPages">Pages that jobs without a grant may need together.</param>
internal sealed class AheadQueue(int maxPages)
{
    private readonly OrderedDictionary<AttemptId, PrefillProtocol.Start> _waiting = [];
    private readonly Dictionary<AttemptId, int> _begun = [];
    private int _pages;

    public IEnumerable<PrefillProtocol.Start> Waiting => _waiting.Values;

    public bool HasWaiting => _waiting.Count > 0;

    public bool Has(AttemptId attempt) => _waiting.ContainsKey(attempt);

    /// <summary>Lets a job begin without a grant, or keeps it.</summary>
    /// <param name="pages">That it needs.</param>
    /// <returns>Whether it may begin.</returns>
    public bool TryBegin(PrefillProtocol.Start job, int pages)
    {
        if (_waiting.Count == 0 && TryCount(job.Attempt, pages)) return true;
        _waiting.Add(job.Attempt, job);
        return false;
    }

    /// <summary>A job has its grant, or has ended.</summary>
    /// <param name="attempt">Whose.</param>
    /// <param name="kept">The job, if it has not begun.</param>
    public void Settle(AttemptId attempt, out PrefillProtocol.Start? kept)
    {
        _waiting.Remove(attempt, out kept);
        if (_begun.Remove(attempt, out var pages)) _pages -= pages;
    }

    /// <summary>Takes the next job that may begin now.</summary>
    /// <param name="pagesOf">Pages that a job needs.</param>
    public bool TryTake(Func<PrefillProtocol.Start, int> pagesOf, [NotNullWhen(true)] out PrefillProtocol.Start? job)
    {
        job = null;
        if (_waiting.Count == 0) return false;
        var (attempt, first) = _waiting.GetAt(0);
        if (!TryCount(attempt, pagesOf(first))) return false;
        _waiting.RemoveAt(0);
        job = first;
        return true;
    }

    private bool TryCount(AttemptId attempt, int pages)
    {
        if (_pages + pages > maxPages) return false;
        _begun.Add(attempt, pages);
        _pages += pages;
        return true;
    }
}
