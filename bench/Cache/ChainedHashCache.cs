using System.Runtime.InteropServices;
using ActorInference.Actors.Kv;

namespace ActorInference.Bench.Cache;

/// <summary>
/// The peer: a dictionary from the chained hash of each page to its block, with reference counts and a list of unused
/// blocks in the order of their last use. Tokens are not compared, so what its hash makes equal is equal.
/// </summary>
/// <typeparam name="TKey">Name of a page.</typeparam>
/// <param name="chain">The name of a page, of the one before it and its tokens.</param>
internal sealed class ChainedHashCache<TKey>(int capacityPages, int pageSize, Func<TKey, ReadOnlySpan<int>, TKey> chain) : ICandidate
    where TKey : struct, IEquatable<TKey>
{
    private const int None = -1;

    private readonly Dictionary<TKey, int> _blocks = new(capacityPages);
    private readonly Block[] _table = new Block[capacityPages];
    private readonly List<int> _held = new(16_384);
    private TKey _last;
    private int _used;
    private int _oldest = None;
    private int _newest = None;

    private struct Block
    {
        public TKey Key;
        public int References;
        public int Older;
        public int Newer;
    }

    public int Match(ReadOnlySpan<int> tokens)
    {
        _held.Clear();
        _last = default;
        var limit = (tokens.Length - 1) / pageSize;
        while (_held.Count < limit)
        {
            var key = chain(_last, tokens.Slice(_held.Count * pageSize, pageSize));
            if (!_blocks.TryGetValue(key, out var block)) break;
            Hold(block);
            _last = key;
        }

        return _held.Count;
    }

    public void Extend(ReadOnlySpan<int> tokens, int matched)
    {
        for (var page = matched; page < tokens.Length / pageSize; page++)
        {
            _last = chain(_last, tokens.Slice(page * pageSize, pageSize));
            ref var known = ref CollectionsMarshal.GetValueRefOrAddDefault(_blocks, _last, out var exists);
            if (exists)
            {
                Hold(known);
                continue;
            }

            var block = _used < capacityPages ? _used++ : Reuse();
            // Reuse has changed the dictionary, and a reference into it is no longer good.
            _blocks[_last] = block;
            _table[block] = new Block { Key = _last, References = 1, Older = None, Newer = None };
            _held.Add(block);
        }
    }

    public void Unlock()
    {
        // From the end, so that a page goes before those that it continues.
        for (var i = _held.Count - 1; i >= 0; i--)
        {
            ref var block = ref _table[_held[i]];
            if (--block.References > 0) continue;
            (block.Older, block.Newer) = (_newest, None);
            if (_newest == None) _oldest = _held[i];
            else _table[_newest].Newer = _held[i];
            _newest = _held[i];
        }
    }

    private void Hold(int block)
    {
        if (_table[block].References++ == 0) Unlink(block);
        _held.Add(block);
    }

    private int Reuse()
    {
        var block = _oldest;
        Unlink(block);
        _blocks.Remove(_table[block].Key);
        return block;
    }

    private void Unlink(int block)
    {
        ref var unlinked = ref _table[block];
        if (unlinked.Older == None) _oldest = unlinked.Newer;
        else _table[unlinked.Older].Newer = unlinked.Newer;
        if (unlinked.Newer == None) _newest = unlinked.Older;
        else _table[unlinked.Newer].Older = unlinked.Older;
    }
}

/// <summary>The two ways to name a page.</summary>
internal static class PageNames
{
    private static readonly KvNamespaceId Space = new KvNamespace("bench", "1", KvDtype.F16).ComputeId();

    /// <summary>64 bits, fast; somebody who chooses tokens can make two equal.</summary>
    public static ulong Fast(ulong previous, ReadOnlySpan<int> tokens)
    {
        var hash = previous ^ 0x9E3779B97F4A7C15;
        foreach (var word in MemoryMarshal.Cast<int, ulong>(tokens))
        {
            var high = Math.BigMul(hash ^ word, 0xD6E8FEB86659FD93, out var low);
            hash = high ^ low;
        }

        return hash;
    }

    /// <summary>The key that pages have among workers.</summary>
    public static KvPageKey Cryptographic(KvPageKey previous, ReadOnlySpan<int> tokens) => KvPageKey.Of(Space, previous, tokens);
}
