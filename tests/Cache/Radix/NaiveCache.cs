namespace ActorInference.Cache.Tests.Radix;

/// <summary>
/// What a prefix cache is to do, said as plainly as can be: a dictionary from each prefix to its last page, searched from
/// end to end for the one to evict.
/// </summary>
internal sealed class NaiveCache(int pageSize, int capacity, string policy)
{
    private readonly Dictionary<string, Entry> _entries = [];
    private readonly HashSet<Entry> _detached = [];
    private long _tick;

    /// <summary>One page and the requests that used it.</summary>
    public sealed class Entry
    {
        public required int Page { get; init; }

        public required string Prefix { get; init; }

        public required Entry? Parent { get; init; }

        public int Children { get; set; }

        public int Locks { get; set; }

        public int Hits { get; set; }

        public int Priority { get; set; }

        public long LastUse { get; set; }
    }

    /// <summary>A request's hold.</summary>
    public sealed class Hold
    {
        public required string Space { get; init; }

        public required int Priority { get; init; }

        public List<int> Tokens { get; } = [];

        public List<Entry> Path { get; } = [];

        public bool Detached { get; set; }
    }

    /// <summary>Pages that it holds, findable or not.</summary>
    public IEnumerable<Entry> Held => _entries.Values.Concat(_detached);

    public int Count => _entries.Count + _detached.Count;

    public int Evictable => _entries.Values.Count(entry => entry.Locks == 0);

    public List<Entry> Find(string space, IReadOnlyList<int> tokens, int limit)
    {
        var found = new List<Entry>();
        while (found.Count < limit && _entries.TryGetValue(Name(space, tokens, found.Count + 1), out var entry)) found.Add(entry);
        return found;
    }

    public Hold Match(string space, IReadOnlyList<int> tokens, int priority)
    {
        var hold = new Hold { Space = space, Priority = priority };
        _tick++;
        foreach (var entry in Find(space, tokens, Math.Max(0, tokens.Count - 1) / pageSize)) Use(hold, entry, isNew: false);
        hold.Tokens.AddRange(tokens.Take(hold.Path.Count * pageSize));
        return hold;
    }

    /// <returns>Present and inserted pages.</returns>
    public (int Present, int Inserted) Extend(Hold hold, IReadOnlyList<int> tokens, int[] pages)
    {
        var offered = tokens.Count / pageSize;
        if (hold.Detached || offered == 0) return (0, 0);
        var before = hold.Path.Count;
        List<int> all = [.. hold.Tokens, .. tokens.Take(offered * pageSize)];
        var found = Find(hold.Space, all, before + offered);
        if (found.Count > before) _tick++;
        foreach (var entry in found.Skip(before)) Use(hold, entry, isNew: false);

        var present = hold.Path.Count - before;
        Evict(Math.Max(0, offered - present - (capacity - Count)));
        var inserted = Math.Min(offered - present, capacity - Count);
        if (inserted > 0) _tick++;
        for (var i = 0; i < inserted; i++)
        {
            var parent = hold.Path.Count > 0 ? hold.Path[^1] : null;
            var entry = new Entry { Page = pages[present + i], Prefix = Name(hold.Space, all, hold.Path.Count + 1), Parent = parent };
            if (parent is not null) parent.Children++;
            _entries.Add(entry.Prefix, entry);
            Use(hold, entry, isNew: true);
        }

        hold.Tokens.AddRange(tokens.Take((present + inserted) * pageSize));
        return (present, inserted);
    }

    public void Unlock(Hold hold)
    {
        _tick++;
        foreach (var entry in hold.Path)
        {
            entry.LastUse = _tick;
            entry.Locks--;
            if (entry.Locks == 0) _detached.Remove(entry);
        }
    }

    /// <returns>Pages evicted, in order.</returns>
    public List<int> Evict(int count)
    {
        var evicted = new List<int>();
        while (evicted.Count < count)
        {
            var victim = _entries.Values.Where(entry => entry is { Locks: 0, Children: 0 }).OrderBy(Class).ThenBy(entry => entry.LastUse).FirstOrDefault();
            if (victim is null) break;
            _entries.Remove(victim.Prefix);
            if (victim.Parent is not null) victim.Parent.Children--;
            evicted.Add(victim.Page);
        }

        return evicted;
    }

    public void Clear(IEnumerable<Hold> holds)
    {
        Evict(int.MaxValue);
        _detached.UnionWith(_entries.Values);
        _entries.Clear();
        foreach (var hold in holds.Where(hold => hold.Path.Count > 0)) hold.Detached = true;
    }

    private void Use(Hold hold, Entry entry, bool isNew)
    {
        hold.Path.Add(entry);
        entry.Locks++;
        entry.Hits++;
        entry.LastUse = _tick;
        entry.Priority = isNew ? hold.Priority : Math.Max(entry.Priority, hold.Priority);
    }

    private long Class(Entry entry) => policy switch
    {
        "lru" => 0,
        "lfu" => entry.Hits,
        "slru" => entry.Hits >= 2 ? 1 : 0,
        "priority" => entry.Priority,
        _ => throw new ArgumentException($"No such policy: {policy}.", nameof(policy)),
    };

    private string Name(string space, IReadOnlyList<int> tokens, int pages) => $"{space}:{string.Join(',', tokens.Take(pages * pageSize))}";
}
