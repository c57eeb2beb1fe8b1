using System.Collections.Immutable;
using ActorInference.Actors.Ids;
using ActorInference.Actors.Kv;
using ActorInference.Actors.Protocols;

namespace ActorInference.Roles.Workers;

/// <summary>
/// What a worker's prefix cache has, as routers name it (<see cref="RouterProtocol.Assign.Blocks"/>), and how that changed: whoever knows a version is told what has
/// changed since, and whoever knows nothing, or something too old, all that is there. Bounded by what the cache holds. Written by the worker's thread, read by any.
/// </summary>
/// <param name="blockTokens">Tokens of a block, at least 1.</param>
/// <param name="mostRemovals">Removals that are remembered; half of them are forgotten when there are more.</param>
public sealed class PrefixJournal(int blockTokens, int mostRemovals = 32_768) : IPrefixWatcher
{
    /// <summary>Names in one answer: 32 KiB.</summary>
    public const int MostNames = 4096;

    /// <summary>Salts are the users' to choose; what begins under one that was forgotten has a name that nobody asks for.</summary>
    private const int MostSpaces = 8192;

    private readonly Lock _lock = new();
    private readonly Dictionary<KvNamespaceId, ulong> _beginnings = [];
    private readonly Dictionary<ulong, Held> _held = [];
    private readonly List<Change> _changes = [];
    private readonly long _epoch = Random.Shared.NextInt64(1, long.MaxValue);
    private long _version;
    private long _removalsSince;

    /// <param name="Version">With which it came.</param>
    /// <param name="Count">How often it is there: a page of a namespace that was cleared stays as long as somebody uses it.</param>
    private readonly record struct Held(long Version, int Count);

    private readonly record struct Change(ulong Name, long Version, bool IsRemoval);

    /// <summary>The present state.</summary>
    public RouterProtocol.PrefixMark Mark
    {
        get { lock (_lock) return new RouterProtocol.PrefixMark(_epoch, _version, blockTokens); }
    }

    /// <summary>Tells of a namespace before pages come under it.</summary>
    /// <param name="salt">Null for the common one.</param>
    public void Name(KvNamespaceId space, string? salt)
    {
        lock (_lock)
        {
            if (_beginnings.Count >= MostSpaces) _beginnings.Clear();
            _beginnings[space] = PrefixName.Begin(salt);
        }
    }

    public ulong Begin(KvNamespaceId space)
    {
        lock (_lock) return _beginnings.GetValueOrDefault(space);
    }

    public void Added(ulong before, int position, ReadOnlySpan<int> tokens) => Visit(before, position, tokens, isRemoval: false);

    public void Removed(ulong before, int position, ReadOnlySpan<int> tokens) => Visit(before, position, tokens, isRemoval: true);

    /// <summary>The cache is gone, and another one begins.</summary>
    public void Reset()
    {
        lock (_lock)
        {
            _held.Clear();
            _changes.Clear();
            _removalsSince = ++_version;
        }
    }

    /// <summary>Answers a question.</summary>
    /// <param name="worker">Who answers.</param>
    /// <param name="most">Names of the answer, at least 1.</param>
    public RouterProtocol.Prefixes Read(WorkerId worker, RouterProtocol.GetPrefixes question, int most = MostNames)
    {
        lock (_lock)
        {
            var isAnew = question.Epoch != _epoch || question.AsOf < _removalsSince || question.Since > _version;
            var (added, removed) = (ImmutableArray.CreateBuilder<ulong>(), ImmutableArray.CreateBuilder<ulong>());
            var since = isAnew ? 0 : question.Since;
            var i = FirstAfter(since);
            for (; i < _changes.Count && added.Count + removed.Count < most; i++)
            {
                var change = _changes[i];
                var isHeld = _held.TryGetValue(change.Name, out var held);
                if (change.IsRemoval && !isHeld && since > 0) removed.Add(change.Name);
                else if (!change.IsRemoval && isHeld && held.Version == change.Version) added.Add(change.Name);
            }

            var version = i == _changes.Count ? _version : _changes[i].Version - 1;
            return new RouterProtocol.Prefixes(worker, _epoch, question.Since, version, _version, isAnew, added.ToImmutable(), removed.ToImmutable());
        }
    }

    /// <exception cref="InvalidOperationException">Its parts do not agree.</exception>
    public void CheckInvariants()
    {
        lock (_lock)
        {
            var live = _changes.Count(change => !change.IsRemoval && _held.TryGetValue(change.Name, out var held) && held.Version == change.Version);
            if (live != _held.Count) throw new InvalidOperationException($"The prefix journal has {live} of {_held.Count} names that are held.");
            if (_changes.Zip(_changes.Skip(1)).Any(pair => pair.First.Version >= pair.Second.Version)) throw new InvalidOperationException("The prefix journal is out of order.");
            if (_changes.Count > Limit) throw new InvalidOperationException($"The prefix journal has {_changes.Count} changes, more than {Limit}.");
        }
    }

    private int Limit => 2 * _held.Count + mostRemovals;

    /// <summary>A block is there with the page that has its last token.</summary>
    private void Visit(ulong before, int position, ReadOnlySpan<int> tokens, bool isRemoval)
    {
        lock (_lock)
        {
            var name = before;
            for (var from = 0; ;)
            {
                var end = ((position + from) / blockTokens + 1) * blockTokens - position;
                if (end > tokens.Length) break;
                name = PrefixName.After(name, tokens[from..end]);
                if (isRemoval) Remove(name);
                else Add(name);
                from = end;
            }

            if (_changes.Count > Limit) Compact();
        }
    }

    private void Add(ulong name)
    {
        if (_held.TryGetValue(name, out var held))
        {
            _held[name] = held with { Count = held.Count + 1 };
            return;
        }

        _held.Add(name, new Held(++_version, 1));
        _changes.Add(new Change(name, _version, IsRemoval: false));
    }

    private void Remove(ulong name)
    {
        if (!_held.TryGetValue(name, out var held)) return;
        if (held.Count > 1)
        {
            _held[name] = held with { Count = held.Count - 1 };
            return;
        }

        _held.Remove(name);
        _changes.Add(new Change(name, ++_version, IsRemoval: true));
    }

    /// <summary>Keeps what is held and the newest removals.</summary>
    private void Compact()
    {
        var dropped = _changes.Count(static change => change.IsRemoval) - mostRemovals / 2;
        var kept = 0;
        for (var i = 0; i < _changes.Count; i++)
        {
            var change = _changes[i];
            if (change.IsRemoval && dropped-- > 0) _removalsSince = change.Version;
            else if (change.IsRemoval || (_held.TryGetValue(change.Name, out var held) && held.Version == change.Version)) _changes[kept++] = change;
        }

        _changes.RemoveRange(kept, _changes.Count - kept);
    }

    private int FirstAfter(long version)
    {
        var (from, to) = (0, _changes.Count);
        while (from < to)
        {
            var middle = (from + to) / 2;
            if (_changes[middle].Version <= version) from = middle + 1;
            else to = middle;
        }

        return from;
    }
}
