using ActorInference.Actors.Kv;

namespace ActorInference.Cache.Radix;

/// <content>Naming pages, and telling the watcher of them.</content>
public sealed partial class RadixTree
{
    // Of the run that is told of.
    private readonly int[] _runSlots;
    private readonly ulong[] _runNames;

    /// <summary>Name of all that ends with a node.</summary>
    private ulong NameAfter(int node, KvNamespaceId space)
    {
        ref var end = ref _nodes[node];
        return end.Parent == RadixNode.None ? _watcher!.Begin(space) : _slots.Name(end.LastSlot);
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
                name = PrefixName.After(name, tokens.Slice(i * _pageSize, _pageSize));
                (_runSlots[i], _runNames[i], _slots.Name(slot)) = (slot, name, name);
                slot = _slots.Next(slot);
            }

            _watcher!.Added(new PrefixRun
            {
                Position = pagesBefore * _pageSize,
                PageSizeTokens = _pageSize,
                Places = _runSlots.AsSpan(0, count),
                Before = before,
                Names = _runNames.AsSpan(0, count),
                Tokens = tokens[..(count * _pageSize)],
            });
            pagesBefore += count;
            tokens = tokens[(count * _pageSize)..];
        }
    }

    /// <param name="slot">Of the last of the pages that go; they are linked still.</param>
    /// <param name="count">How many, at most <see cref="ReleaseBatch"/>.</param>
    /// <param name="pagesBefore">Pages before the first of them.</param>
    /// <returns>Slot of the page before the first of them on the same edge, or <see cref="RadixNode.None"/>.</returns>
    private int TellRemoved(int slot, int count, int pagesBefore)
    {
        for (var i = count - 1; i >= 0; i--)
        {
            _runSlots[i] = slot;
            slot = _slots.Previous(slot);
        }

        _watcher!.Removed(pagesBefore * _pageSize, _pageSize, _runSlots.AsSpan(0, count));
        return slot;
    }

    /// <summary>Nothing matches any more, so all pages have gone, those under a lock too. Of these nothing is told when they are released.</summary>
    private void TellCleared()
    {
        for (var node = 0; node < _nodes.End; node++)
        {
            if (_nodes.IsFree(node) || _nodes[node].IsCleared) continue;
            _nodes[node].IsCleared = true;
            var (slot, pages, depth) = (_nodes[node].LastSlot, _nodes[node].Pages, _nodes[node].Depth);
            while (pages > 0)
            {
                var count = Math.Min(pages, ReleaseBatch);
                (pages, depth) = (pages - count, depth - count);
                slot = TellRemoved(slot, count, depth);
            }
        }
    }
}
