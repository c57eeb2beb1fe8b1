namespace ActorInference.Cache.Radix.Eviction;

/// <summary>
/// Lets two policies serve every request in ghost caches of the same size, and says whether what was learned finds more
/// than the longest unused first. What is long past weighs nothing, and chance decides nothing.
/// </summary>
/// <remarks>After the duel of Qureshi et al. (2007), with whole caches of names in place of sampled sets: a prefix has no set.</remarks>
internal sealed class PolicyDuel
{
    /// <summary>Blocks of a ghost at most; beyond it a block stands for several pages.</summary>
    private const int MostBlocks = 1 << 16;

    private const double Fading = 1 - 1.0 / 1_024;   // A request.
    private const double Deviations = 2;
    private const double LeastGain = 0.01;   // Of what the longest unused first finds.

    private readonly GhostCache _lru;
    private readonly GhostCache _learned;
    private readonly int _pagesInBlock;
    private int[] _blocks = new int[256];
    private double _gained;
    private double _found;
    private double _variance;

    /// <param name="capacityPages">Of the cache that it speaks for.</param>
    public PolicyDuel(int capacityPages)
    {
        _pagesInBlock = (capacityPages + MostBlocks - 1) / MostBlocks;
        var capacity = Math.Max(1, capacityPages / _pagesInBlock);
        _lru = new GhostCache(capacity, EvictionPolicies.LongestUnusedFirst());
        _learned = new GhostCache(capacity, new LearnedEviction());
    }

    /// <summary>Whether what was learned finds more at present.</summary>
    public bool LearnedLeads { get; private set; }

    /// <param name="request">With its pages' hashes.</param>
    public void Observe(in PrefixRequest request)
    {
        var blocks = Name(request);
        var lru = _lru.Serve(blocks, request.TimeMs);
        var gain = _learned.Serve(blocks, request.TimeMs) - lru;
        _gained = _gained * Fading + gain;
        _found = _found * Fading + lru;
        _variance = _variance * Fading * Fading + (double)gain * gain;
        LearnedLeads = _gained > (LearnedLeads ? 0 : LeastGain * _found + Deviations * Math.Sqrt(_variance));
    }

    private ReadOnlySpan<int> Name(in PrefixRequest request)
    {
        var hashes = request.PageHashes;
        var count = hashes.Length / _pagesInBlock;
        if (count > _blocks.Length) Array.Resize(ref _blocks, count * 2);
        for (var i = 0; i < count; i++) _blocks[i] = (int)(hashes[(i + 1) * _pagesInBlock - 1] >> 32);
        return _blocks.AsSpan(0, count);
    }
}
