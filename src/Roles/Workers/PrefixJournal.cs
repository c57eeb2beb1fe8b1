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
    private readonly SharedNames _shared = new();
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

    /// <summary>A block is there with the page that has its last token.</summary>
    public void Added(in PrefixRun run)
    {
        var (pageTokens, ends) = (run.PageSizeTokens, EndsInPage(run.PageSizeTokens));
        lock (_lock)
        {
            var (before, end) = (run.Before, FirstEnd(run.Position));
            for (var i = 0; i < run.Places.Length; i++)
            {
                var (name, from, place) = (before, 0, run.Places[i]);
                for (var shared = place * ends; end < pageTokens; shared++)
                {
                    name = PrefixName.After(name, run.Tokens.Slice(i * pageTokens + from, end - from));
                    var number = _shared.Add(shared, name);
                    if (number != SharedNames.None) _held.Add(2 * number + 1, name, ++_version);
                    from = end;
                    end += blockTokens;
                }

                before = run.Names[i];
                if (end == pageTokens) _held.Add(ends == 0 ? place : 2 * place, before, ++_version);
                end = AfterPage(end, pageTokens);
            }
        }
    }

    public void Removed(int position, int pageSizeTokens, ReadOnlySpan<int> places)
    {
        var ends = EndsInPage(pageSizeTokens);
        lock (_lock)
        {
            var end = FirstEnd(position);
            foreach (var place in places)
            {
                for (var shared = place * ends; end < pageSizeTokens; shared++)
                {
                    var number = _shared.Remove(shared);
                    if (number != SharedNames.None) Remove(2 * number + 1);
                    end += blockTokens;
                }

                if (end == pageSizeTokens) Remove(ends == 0 ? place : 2 * place);
                end = AfterPage(end, pageSizeTokens);
            }
        }
    }

    /// <summary>The cache is gone, and another one begins.</summary>
    public void Reset()
    {
        lock (_lock)
        {
            _held.Clear();
            _shared.Clear();
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
            _shared.CheckInvariants();
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
        while (came != HeldNames.None || went < _removed.Count)
        {
            var cameWith = came == HeldNames.None ? long.MaxValue : _held.VersionAt(came);
            var wentWith = went == _removed.Count ? long.MaxValue : _removed.VersionOf(went);
            if (added.Count + removed.Count == most) return Math.Min(cameWith, wentWith) - 1;
            if (cameWith < wentWith)
            {
                added.Add(_held.NameAt(came));
                came = _held.After(came);
            }
            else
            {
                removed.Add(_removed.NameOf(went++));   // If it is there again it came later, and is told of then.
            }
        }

        return _version;
    }

    /// <summary>
    /// Blocks that may end within a page, and not with it. If there are such, names of blocks that end with a page have the even places of <see cref="HeldNames"/>, and those
    /// of others the odd ones.
    /// </summary>
    private int EndsInPage(int pageTokens) => blockTokens % pageTokens == 0 ? 0 : (pageTokens + blockTokens - 1) / blockTokens;

    /// <returns>Tokens from a position to the end of the block that it is in.</returns>
    private int FirstEnd(int position) => blockTokens - position % blockTokens;

    /// <param name="end">Tokens from a page's beginning to the first end of a block that is not before the page's.</param>
    /// <returns>Tokens from the next page's beginning to the first end of a block behind it.</returns>
    private int AfterPage(int end, int pageTokens) => end == pageTokens ? blockTokens : end - pageTokens;

    private void Remove(int place) => _removed.Add(_held.Remove(place), ++_version, MostRemovals);
}
