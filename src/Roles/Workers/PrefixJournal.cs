using System.Collections.Immutable;
using ActorInference.Actors.Ids;
using ActorInference.Actors.Kv;
using ActorInference.Actors.Protocols;
using ActorInference.Roles.Prefixes;

namespace ActorInference.Roles.Workers;

/// <summary>
/// What a worker's prefix cache has, as routers name it (<see cref="RouterProtocol.Assign.Blocks"/>), and how that changed: whoever knows a version is told what has
/// changed since, and whoever knows nothing, or something too old, all that is there. Bounded by what the cache holds. Written by the worker's thread, read by any.
/// </summary>
/// <param name="blockTokens">Tokens of a block, at least 1.</param>
/// <param name="mostRemovals">Removals that are remembered at least; beyond as many as there are names, too, telling all anew is shorter.</param>
public sealed class PrefixJournal(int blockTokens, int mostRemovals = 32_768) : IPrefixWatcher
{
    /// <summary>Names in one answer: 32 KiB.</summary>
    public const int MostNames = 4096;

    /// <summary>Salts are the users' to choose; what begins under one that was forgotten has a name that nobody asks for.</summary>
    private const int MostSpaces = 8192;

    private readonly Lock _lock = new();
    private readonly Dictionary<KvNamespaceId, ulong> _beginnings = [];
    private readonly HeldNames _held = new();
    private readonly RemovedNames _removed = new();
    private readonly long _epoch = Random.Shared.NextInt64(1, long.MaxValue);
    private long _version;

    /// <summary>The present state.</summary>
    public RouterProtocol.PrefixMark Mark
    {
        get
        {
            lock (_lock) return new RouterProtocol.PrefixMark(_epoch, _version, blockTokens);
        }
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

    /// <summary>Only if a block may end within a page.</summary>
    public bool NeedsRemovedTokens(int pageSizeTokens) => blockTokens % pageSizeTokens != 0;

    public void Added(in PrefixRun run) => Visit(run, isRemoval: false);

    public void Removed(in PrefixRun run) => Visit(run, isRemoval: true);

    /// <summary>The cache is gone, and another one begins.</summary>
    public void Reset()
    {
        lock (_lock)
        {
            _held.Clear();
            _removed.Forget(++_version);
        }
    }

    /// <summary>Answers a question.</summary>
    /// <param name="worker">Who answers.</param>
    /// <param name="most">Names of the answer, at least 1.</param>
    public RouterProtocol.Prefixes Read(WorkerId worker, RouterProtocol.GetPrefixes question, int most = MostNames)
    {
        lock (_lock)
        {
            var isAnew = question.Epoch != _epoch || question.AsOf < _removed.ForgottenUpTo || question.Since > _version;
            var (added, removed) = (ImmutableArray.CreateBuilder<ulong>(), ImmutableArray.CreateBuilder<ulong>());
            var upTo = Collect(isAnew ? 0 : question.Since, most, added, removed);
            return new RouterProtocol.Prefixes(worker, _epoch, question.Since, upTo, _version, isAnew, added.ToImmutable(), removed.ToImmutable());
        }
    }

    /// <exception cref="InvalidOperationException">Its parts do not agree.</exception>
    public void CheckInvariants()
    {
        lock (_lock)
        {
            _held.CheckInvariants();
            _removed.CheckInvariants();
            if (_removed.Count > MostRemovals) throw new InvalidOperationException($"The prefix journal remembers {_removed.Count} removals, more than {MostRemovals}.");
        }
    }

    private int MostRemovals => Math.Max(mostRemovals, _held.Count);

    /// <summary>Collects what has changed since a version, in order; 0 is before everything, and then nothing is gone.</summary>
    /// <returns>The version up to which this is.</returns>
    private long Collect(long since, int most, ImmutableArray<ulong>.Builder added, ImmutableArray<ulong>.Builder removed)
    {
        var came = _held.FirstAfter(since);
        var went = since > 0 ? _removed.FirstAfter(since) : _removed.Count;
        for (var warm = went; came != HeldNames.None || went < _removed.Count;)
        {
            var cameWith = came == HeldNames.None ? long.MaxValue : _held.VersionOf(came);
            var wentWith = went == _removed.Count ? long.MaxValue : _removed.VersionOf(went);
            if (added.Count + removed.Count == most) return Math.Min(cameWith, wentWith) - 1;
            if (cameWith < wentWith)
            {
                added.Add(_held.NameOf(came));
                came = _held.After(came);
                continue;
            }

            if (went == warm) warm += Warm(went);
            // What is there again came later, and is told of then.
            if (!_held.Contains(_removed.NameOf(went))) removed.Add(_removed.NameOf(went));
            went++;
        }

        return _version;
    }

    private int Warm(int went)
    {
        var names = _removed.Names(went, NameTable.WarmNames);
        _held.Warm(names);
        return names.Length;
    }

    /// <summary>A block is there with the page that has its last token.</summary>
    private void Visit(in PrefixRun run, bool isRemoval)
    {
        if (run.PageSizeTokens == blockTokens)
        {
            Note(run.Names, isRemoval);
        }
        else if (blockTokens % run.PageSizeTokens == 0)
        {
            VisitPages(run, isRemoval);
        }
        else
        {
            VisitTokens(run, isRemoval);
        }
    }

    /// <summary>Several pages are a block.</summary>
    private void VisitPages(in PrefixRun run, bool isRemoval)
    {
        Span<ulong> names = stackalloc ulong[NameTable.WarmNames];
        var (count, pagesInBlock) = (0, blockTokens / run.PageSizeTokens);
        for (var i = pagesInBlock - 1 - run.Position / run.PageSizeTokens % pagesInBlock; i < run.Names.Length; i += pagesInBlock)
        {
            names[count++] = run.Names[i];
            if (count < names.Length) continue;
            Note(names, isRemoval);
            count = 0;
        }

        Note(names[..count], isRemoval);
    }

    /// <summary>Blocks begin and end anywhere.</summary>
    private void VisitTokens(in PrefixRun run, bool isRemoval)
    {
        Span<ulong> names = stackalloc ulong[NameTable.WarmNames];
        var (count, name, page) = (0, run.Before, 0);
        for (var from = 0; ;)
        {
            // From a page's end on there is a name already.
            var blockEnd = from + blockTokens - (run.Position + from) % blockTokens;
            if (blockEnd > run.Tokens.Length) break;
            for (; (page + 1) * run.PageSizeTokens <= blockEnd; page++) (name, from) = (run.Names[page], (page + 1) * run.PageSizeTokens);
            name = PrefixName.After(name, run.Tokens[from..blockEnd]);
            from = blockEnd;
            names[count++] = name;
            if (count < names.Length) continue;
            Note(names, isRemoval);
            count = 0;
        }

        Note(names[..count], isRemoval);
    }

    private void Note(ReadOnlySpan<ulong> names, bool isRemoval)
    {
        lock (_lock)
        {
            for (var i = 0; i < names.Length; i++)
            {
                _held.WarmUp(names, i);
                if (!isRemoval) Add(names[i]);
                else Remove(names[i]);
            }
        }
    }

    private void Add(ulong name)
    {
        if (_held.Add(name, _version + 1)) _version++;
    }

    private void Remove(ulong name)
    {
        if (_held.Remove(name)) _removed.Add(name, ++_version, MostRemovals);
    }
}
