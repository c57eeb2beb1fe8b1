namespace ActorInference.Cache.Radix.Eviction;

/// <summary>
/// Evicts by what was learned (<see cref="LearnedEviction"/>) while that finds more than evicting the longest unused, and
/// the longest unused otherwise, as at the beginning. Which one finds more is seen in ghost caches that serve every request.
/// </summary>
/// <param name="wholeLeaves">While the longest unused goes first: <see cref="IEvictionPolicy.TakesWholeLeaves"/>.</param>
public sealed class AdaptiveEviction(bool wholeLeaves = false) : IEvictionPolicy
{
    private readonly RankedEviction _lru = EvictionPolicies.LongestUnusedFirst();
    private readonly LearnedEviction _learned = new();
    private PolicyDuel? _duel;
    private ulong[] _hashes = new ulong[256];

    public int Count => _lru.Count;

    public bool TakesWholeLeaves => wholeLeaves && !IsLearned;

    private bool IsLearned => _duel is { LearnedLeads: true };

    public int OnRequest(in PrefixRequest request)
    {
        _duel ??= new PolicyDuel(request.CapacityPages);
        var hashed = request.HashPages(ref _hashes);
        _duel.Observe(hashed);
        return _learned.OnRequest(hashed);
    }

    public void Enter(int node, in PrefixUse use)
    {
        _lru.Enter(node, use);
        _learned.Enter(node, use);
    }

    public void Leave(int node)
    {
        _lru.Leave(node);
        _learned.Leave(node);
    }

    public void Shrink(int node, in PrefixUse use) => _learned.Shrink(node, use);

    public int Victim(long timeMs) => IsLearned ? _learned.Victim(timeMs) : _lru.Victim(timeMs);

    public int VictimPages(int node) => IsLearned ? _learned.VictimPages(node) : int.MaxValue;
}
