using System.Collections.Immutable;
using ActorInference.Gpu.Tokenization;

namespace ActorInference.Gpu.Constraints;

/// <summary>
/// What each token of a model writes, as a tree of bytes in which tokens with the same beginning share it. Immutable; thread-safe.
/// </summary>
/// <remarks>Nodes are in the order of their visits: a node's descendants follow it, so that a subtree is passed over by one addition.</remarks>
public sealed class TokenVocabulary
{
    private readonly byte[][] _bytes;
    private readonly List<byte> _labels = [];
    private readonly List<int> _depths = [];
    private readonly List<int> _subtreeEnds = [];
    private readonly List<int> _firstTokens = [];
    private readonly int[] _tokens;

    private TokenVocabulary(byte[][] bytes)
    {
        _bytes = bytes;
        _tokens = [.. Enumerable.Range(0, bytes.Length).Where(id => bytes[id].Length > 0)];
        Array.Sort(_tokens, (a, b) => bytes[a].AsSpan().SequenceCompareTo(bytes[b]) is not 0 and var order ? order : a.CompareTo(b));
        Build();
    }

    /// <summary>Highest token id plus one.</summary>
    public int Count => _bytes.Length;

    internal int NodeCount => _labels.Count;

    /// <param name="tokenizer">Whose tokens.</param>
    /// <param name="endTokenIds">Tokens that end an output; they write nothing, as all special ones do.</param>
    public static TokenVocabulary Create(Tokenizer tokenizer, ImmutableArray<int> endTokenIds)
    {
        var ends = endTokenIds.ToHashSet();
        return Create(Enumerable.Range(0, tokenizer.VocabSize).Select(id => tokenizer.IsSpecial(id) || ends.Contains(id) ? [] : tokenizer.TokenBytes(id)));
    }

    /// <param name="bytes">By token id; empty for a token that is never chosen.</param>
    internal static TokenVocabulary Create(IEnumerable<byte[]> bytes) => new([.. bytes]);

    /// <summary>What a token writes; nothing if it is none of these.</summary>
    internal ReadOnlySpan<byte> BytesOf(int token) => (uint)token < (uint)_bytes.Length ? _bytes[token] : [];

    /// <summary>Length in bytes of the beginning that a node stands for.</summary>
    internal int Depth(int node) => _depths[node];

    /// <summary>Its last byte.</summary>
    internal byte Label(int node) => _labels[node];

    /// <summary>The first node that does not begin with it.</summary>
    internal int SubtreeEnd(int node) => _subtreeEnds[node];

    /// <summary>Tokens that write just this.</summary>
    internal ReadOnlySpan<int> TokensAt(int node) => _tokens.AsSpan(_firstTokens[node].._firstTokens[node + 1]);

    /// <summary>Longest token, in bytes.</summary>
    internal int MaxDepth { get; private set; }

    private void Build()
    {
        var path = new Stack<int>();
        ReadOnlySpan<byte> before = [];
        for (var i = 0; i < _tokens.Length; i++)
        {
            ReadOnlySpan<byte> text = _bytes[_tokens[i]];
            var shared = before.CommonPrefixLength(text);
            while (path.Count > shared) _subtreeEnds[path.Pop()] = _labels.Count;
            for (var depth = shared; depth < text.Length; depth++)
            {
                path.Push(_labels.Count);
                _labels.Add(text[depth]);
                _depths.Add(depth + 1);
                _subtreeEnds.Add(0);
                _firstTokens.Add(i);
            }

            MaxDepth = Math.Max(MaxDepth, text.Length);
            before = text;
        }

        while (path.TryPop(out var open)) _subtreeEnds[open] = _labels.Count;
        _firstTokens.Add(_tokens.Length);
    }
}
