using Akka.Actor;

namespace ActorInference.Actors.Kv;

/// <summary>The pages that an actor has sent and still holds for their receivers, with one reference of each.</summary>
public sealed class PageTransit(IPageReferences pool, TimeProvider time)
{
    private readonly Dictionary<long, Entry> _entries = [];
    private long _lastTransfer;

    private sealed record Entry(IActorRef Receiver, int[] Pages, long SentAt);

    /// <summary>Transfers that were not answered yet.</summary>
    public int Count => _entries.Count;

    /// <summary>Pages held for them.</summary>
    public int HeldPages => _entries.Values.Sum(entry => entry.Pages.Length);

    /// <summary>Takes a reference of each page.</summary>
    /// <returns>The transfer's number.</returns>
    public long Hold(IActorRef receiver, ReadOnlySpan<int> pages)
    {
        pool.AddReferences(pages);
        return TakeOver(receiver, pages.ToArray());
    }

    /// <summary>Holds pages by the references that the caller has, which are his no longer.</summary>
    /// <returns>The transfer's number.</returns>
    public long TakeOver(IActorRef receiver, int[] pages)
    {
        _entries.Add(++_lastTransfer, new Entry(receiver, pages, time.GetTimestamp()));
        return _lastTransfer;
    }

    /// <summary>The receiver has answered. Unknown transfers are ignored: their deadline has passed.</summary>
    public void Release(long transfer)
    {
        if (_entries.Remove(transfer, out var entry)) pool.Release(entry.Pages);
    }

    /// <summary>The receiver is gone.</summary>
    public void ReleaseFor(IActorRef receiver) => ReleaseWhere(entry => entry.Receiver.Equals(receiver));

    /// <summary>The process of receivers is gone.</summary>
    public void ReleaseFor(Address process) => ReleaseWhere(entry => entry.Receiver.Path.Address.Equals(process));

    /// <summary>Gives up on receivers that have been silent for so long.</summary>
    /// <returns>Transfers given up.</returns>
    public int ReleaseOlderThan(TimeSpan age) => ReleaseWhere(entry => time.GetElapsedTime(entry.SentAt) > age);

    public void ReleaseAll() => ReleaseWhere(_ => true);

    private int ReleaseWhere(Func<Entry, bool> condition)
    {
        var transfers = _entries.Where(entry => condition(entry.Value)).Select(entry => entry.Key).ToList();
        transfers.ForEach(Release);
        return transfers.Count;
    }
}
