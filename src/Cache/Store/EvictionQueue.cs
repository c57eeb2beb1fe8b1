namespace ActorInference.Cache.Store;

/// <summary>
/// Pages in the order in which they may be evicted. Use only writes a page's age; the queue looks at it when the page's turn
/// comes, and puts it back if it was used since. So use costs nothing, and eviction the logarithm of the pages.
/// </summary>
internal sealed class EvictionQueue
{
    /// <summary>Beyond twice the living.</summary>
    private const int MaxDead = 1024;

    private readonly PriorityQueue<PageEntry, (long Age, long Use)> _plain = new();
    private readonly PriorityQueue<PageEntry, (long Age, long Use)> _pinned = new();
    private readonly PriorityQueue<PageEntry, long> _pinEnds = new();
    private readonly List<PageEntry> _aside = [];

    /// <summary>Entries, dead ones and doubles among them.</summary>
    public int Count => _plain.Count + _pinned.Count;

    /// <summary>Adds a page, and rids itself of the dead if they are many: where nothing is ever evicted, nobody else would.</summary>
    /// <param name="living">All pages that belong to the queue, this one among them.</param>
    public void Add(PageEntry entry, IReadOnlyCollection<PageEntry> living)
    {
        if (Count > 2 * living.Count + MaxDead) Rebuild(living);
        else Add(entry);
    }

    private void Add(PageEntry entry)
    {
        if (entry.IsHardPinned) return;
        if (entry.PinUntilMs > 0)
        {
            _pinned.Enqueue(entry, (entry.Age, entry.Use));
            _pinEnds.Enqueue(entry, entry.PinUntilMs);
        }
        else
        {
            _plain.Enqueue(entry, (entry.Age, entry.Use));
        }
    }

    /// <summary>The next page that may go, out of the queue; null if there is none.</summary>
    /// <param name="mayTakePinned">Soft-pinned ones too, once there are no others.</param>
    /// <param name="isHere">Whether a page still belongs to this queue.</param>
    public PageEntry? Take(long nowMs, bool mayTakePinned, Func<PageEntry, bool> isHere)
    {
        EndPins(nowMs);
        return Take(_plain, nowMs, isPinned: false, isHere) ?? (mayTakePinned ? Take(_pinned, nowMs, isPinned: true, isHere) : null);
    }

    /// <summary>Puts back what could not go this time. To be called after a round of taking.</summary>
    public void EndRound()
    {
        foreach (var entry in _aside) Add(entry);
        _aside.Clear();
    }

    /// <summary>Puts a page back that was taken and is kept.</summary>
    public void PutAside(PageEntry entry) => _aside.Add(entry);

    /// <summary>Takes as long as there are pages, once for as many additions.</summary>
    private void Rebuild(IReadOnlyCollection<PageEntry> living)
    {
        _plain.Clear();
        _pinned.Clear();
        _pinEnds.Clear();
        _plain.EnqueueRange(living.Where(static entry => !entry.IsHardPinned && entry.PinUntilMs == 0).Select(static entry => (entry, (entry.Age, entry.Use))));
        foreach (var entry in living)
        {
            if (entry.PinUntilMs > 0) Add(entry);
        }
    }

    private PageEntry? Take(PriorityQueue<PageEntry, (long Age, long Use)> queue, long nowMs, bool isPinned, Func<PageEntry, bool> isHere)
    {
        while (queue.TryDequeue(out var entry, out var place))
        {
            if (!entry.IsReadable || !isHere(entry)) continue;
            if (entry.IsHardPinned || entry.IsSoftPinned(nowMs) != isPinned)
            {
                if (!entry.IsHardPinned && !isPinned) Add(entry);   // Pinned since; one whose pin ended was added then.
                continue;
            }

            if (place.CompareTo((entry.Age, entry.Use)) < 0) queue.Enqueue(entry, (entry.Age, entry.Use));
            else if (entry.IsLeased(nowMs) || entry.Copying > 0) _aside.Add(entry);
            else return entry;
        }

        return null;
    }

    private void EndPins(long nowMs)
    {
        while (_pinEnds.TryPeek(out var entry, out var end) && end <= nowMs)
        {
            _pinEnds.Dequeue();
            if (entry.PinUntilMs == end) _plain.Enqueue(entry, (entry.Age, entry.Use));
        }
    }
}
