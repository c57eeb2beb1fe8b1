using ActorInference.Actors.Kv;

namespace ActorInference.Cache.Radix;

/// <content>Naming pages, and telling the watcher of them.</content>
public sealed partial class RadixTree
{
    // Of one run that is told of.
    private readonly ulong[] _runNames;
    private readonly int[] _runTokens;

    /// <summary>Name of all that ends with a node.</summary>
    private ulong NameAfter(int node, KvNamespaceId space)
    {
        ref var end = ref _nodes[node];
        return end.Parent == RadixNode.None ? _watcher!.Begin(space) : _slots.Names(end.LastSlot).After;
    }

    /// <param name="slot">Of the first of the pages that are new; they are linked.</param>
    /// <param name="name">Of what comes before them.</param>
    /// <param name="pagesBefore">Pages of that.</param>
    /// <param name="tokens">Of the new ones.</param>
    private void TellAdded(int slot, ulong name, int pagesBefore, ReadOnlySpan<int> tokens)
    {
        while (!tokens.IsEmpty)
        {
            var (before, count) = (name, Math.Min(tokens.Length / _pageSize, ReleaseBatch));
            for (var i = 0; i < count; i++)
            {
                var after = PrefixName.After(name, tokens.Slice(i * _pageSize, _pageSize));
                _slots.Names(slot) = new PageNames(name, after);
                _runNames[i] = name = after;
                slot = _slots.Next(slot);
            }

            _watcher!.Added(Run(before, count, pagesBefore, tokens[..(count * _pageSize)]));
            pagesBefore += count;
            tokens = tokens[(count * _pageSize)..];
        }
    }

    /// <param name="slot">Of the last of the pages that go; they are linked still.</param>
    /// <param name="count">How many, at most <see cref="ReleaseBatch"/>.</param>
    /// <param name="pagesBefore">Pages before the first of them.</param>
    private void TellRemoved(int slot, int count, int pagesBefore)
    {
        var before = 0UL;
        for (var i = count - 1; i >= 0; i--)
        {
            (before, _runNames[i]) = (_slots.Names(slot).Before, _slots.Names(slot).After);
            if (_runTokens.Length > 0) _slots.Tokens(slot).CopyTo(_runTokens.AsSpan(i * _pageSize));
            slot = _slots.Previous(slot);
        }

        _watcher!.Removed(Run(before, count, pagesBefore, _runTokens.AsSpan(0, Math.Min(_runTokens.Length, count * _pageSize))));
    }

    private PrefixRun Run(ulong before, int count, int pagesBefore, ReadOnlySpan<int> tokens) => new()
    {
        Position = pagesBefore * _pageSize,
        PageSizeTokens = _pageSize,
        Before = before,
        Names = _runNames.AsSpan(0, count),
        Tokens = tokens,
    };
}
