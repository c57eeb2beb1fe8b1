using System.Collections.Immutable;
using static ActorInference.Actors.Protocols.CacheShardProtocol;

namespace ActorInference.Cache.Store;

/// <summary>One page that is to be read out of a store.</summary>
/// <param name="page">Whose and which.</param>
/// <param name="sizeBytes">Of the page as it was stored.</param>
/// <param name="checksum">Of its bytes.</param>
/// <param name="replicas">Where it is.</param>
/// <param name="local">Page of the reader's pool that gets it.</param>
internal sealed class PageRead(TenantKey page, int sizeBytes, uint checksum, ImmutableArray<Replica> replicas, int local)
{
    private readonly Queue<Replica> _untried = new(replicas);

    public TenantKey Page => page;

    public int SizeBytes => sizeBytes;

    public uint Checksum => checksum;

    public int Local => local;

    public bool HasLanded { get; set; }

    /// <summary>Copies that turned out not to be there, or not to be those bytes.</summary>
    public List<Replica> Broken { get; } = [];

    /// <summary>The copy to try next, nearest first.</summary>
    public bool TryNext(Func<Replica, int> distance, out Replica replica)
    {
        replica = default;
        if (_untried.Count == 0) return false;
        if (_untried.Count > 1)
        {
            var sorted = _untried.OrderBy(distance).ToList();
            _untried.Clear();
            foreach (var each in sorted) _untried.Enqueue(each);
        }

        replica = _untried.Dequeue();
        return true;
    }
}
