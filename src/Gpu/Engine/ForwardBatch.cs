using ActorInference.Actors.Kv;

namespace ActorInference.Gpu.Engine;

/// <summary>
/// The input of one <see cref="IModelRunner.Forward"/>: for each sequence a chunk of new tokens (one in decode, many in
/// prefill), where it starts, and the pages that hold the sequence. Reused from step to step; allocates only to grow.
/// </summary>
public sealed class ForwardBatch
{
    private int[] _tokens = new int[256];
    private int[] _pages = new int[256];
    private Entry[] _entries = new Entry[16];
    private TokenChoice?[] _choices = new TokenChoice?[16];
    private readonly List<IPageLoad> _loads = [];
    private int _pageCount;

    private readonly record struct Entry(int FirstToken, int TokenCount, int FirstPosition, int FirstPage, int PageCount, int LogitCount);

    /// <summary>Number of sequences.</summary>
    public int Count { get; private set; }

    /// <summary>Number of new tokens over all sequences.</summary>
    public int TokenCount { get; private set; }

    /// <summary>Forgets all sequences.</summary>
    public void Clear()
    {
        Count = TokenCount = _pageCount = 0;
        _loads.Clear();
    }

    /// <summary>Some of the pages are still on their way: a layer's are there after <see cref="AwaitLayer"/>.</summary>
    public void Add(IPageLoad load) => _loads.Add(load);

    /// <summary>Whether pages are on their way.</summary>
    public bool HasLoads => _loads.Count > 0;

    /// <summary>Returns when the keys and values of a layer are in the pages of all sequences, as <see cref="IPageLoad.Await"/> says.</summary>
    public void AwaitLayer(int layer)
    {
        foreach (var load in _loads) load.Await(layer);
    }

    /// <summary>Adds a sequence's chunk.</summary>
    /// <param name="tokens">New tokens, at least one, in <c>[0, vocab)</c>.</param>
    /// <param name="firstPosition">Position of the first of them within the sequence; all before it are in the pages already.</param>
    /// <param name="pages">Pages of the sequence in token order, enough for the new tokens too.</param>
    /// <param name="wantLogits">Whether the logits of the last token are needed.</param>
    /// <returns>The sequence's index in this batch.</returns>
    public int Add(ReadOnlySpan<int> tokens, int firstPosition, ReadOnlySpan<int> pages, bool wantLogits) =>
        Add(tokens, firstPosition, pages, wantLogits ? 1 : 0);

    /// <summary>Adds a sequence's chunk, of which the logits of several tokens may be wanted.</summary>
    /// <param name="tokens">As above.</param>
    /// <param name="firstPosition">As above.</param>
    /// <param name="pages">As above.</param>
    /// <param name="logitCount">Tokens whose logits are needed, counted from the last.</param>
    /// <returns>The sequence's index in this batch.</returns>
    public int Add(ReadOnlySpan<int> tokens, int firstPosition, ReadOnlySpan<int> pages, int logitCount)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(logitCount);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(logitCount, tokens.Length);
        ArgumentOutOfRangeException.ThrowIfZero(tokens.Length);
        ArgumentOutOfRangeException.ThrowIfNegative(firstPosition);
        Grow(ref _tokens, TokenCount + tokens.Length);
        Grow(ref _pages, _pageCount + pages.Length);
        Grow(ref _entries, Count + 1);
        tokens.CopyTo(_tokens.AsSpan(TokenCount));
        pages.CopyTo(_pages.AsSpan(_pageCount));
        Grow(ref _choices, Count + 1);
        _choices[Count] = null;
        _entries[Count] = new Entry(TokenCount, tokens.Length, firstPosition, _pageCount, pages.Length, logitCount);
        TokenCount += tokens.Length;
        _pageCount += pages.Length;
        return Count++;
    }

    /// <summary>Adds a sequence whose one new token is that which a <see cref="ISamplingRunner"/> chooses for it in the step launched before; its logits are wanted.</summary>
    /// <param name="before">The sequence's index in that step, where it had one token with logits.</param>
    /// <param name="position">Of the token within the sequence.</param>
    /// <param name="pages">As above.</param>
    /// <returns>The sequence's index in this batch.</returns>
    public int AddNext(int before, int position, ReadOnlySpan<int> pages)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(before);
        return Add([~before], position, pages, logitCount: 1);
    }

    /// <summary>Asks an <see cref="ISamplingRunner"/> to choose the tokens after those of a sequence that ask for logits.</summary>
    public void LetChoose(int index, in TokenChoice choice)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)index, (uint)Count, nameof(index));
        _choices[index] = choice;
    }

    /// <summary>How tokens of a sequence are to be chosen; null if the caller does it.</summary>
    public TokenChoice? Choice(int index)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)index, (uint)Count, nameof(index));
        return _choices[index];
    }

    /// <summary>New tokens of all sequences, one after the other; the complement of an index where <see cref="AddNext"/> gave one. Shape <c>[TokenCount]</c>.</summary>
    public ReadOnlySpan<int> AllTokens => _tokens.AsSpan(0, TokenCount);

    /// <summary>Index in <see cref="AllTokens"/> of a sequence's first new token.</summary>
    public int FirstToken(int index) => At(index).FirstToken;

    public ReadOnlySpan<int> Tokens(int index) => _tokens.AsSpan(At(index).FirstToken, At(index).TokenCount);

    public int FirstPosition(int index) => At(index).FirstPosition;

    public ReadOnlySpan<int> Pages(int index) => _pages.AsSpan(At(index).FirstPage, At(index).PageCount);

    public bool WantLogits(int index) => At(index).LogitCount > 0;

    /// <summary>Tokens of a sequence whose logits are needed: its last ones.</summary>
    public int LogitCount(int index) => At(index).LogitCount;

    private ref readonly Entry At(int index) => ref _entries.AsSpan(0, Count)[index];

    private static void Grow<T>(ref T[] array, int needed)
    {
        if (array.Length < needed) Array.Resize(ref array, Math.Max(needed, array.Length * 2));
    }
}
