using ActorInference.Actors.Kv;
using ActorInference.Gpu.Engine;
using ActorInference.Gpu.Kv;

namespace ActorInference.Gpu.Tests.Engine;

/// <summary>
/// A model whose logits are a hash of all tokens before, read back from the KV pages: a page that is missing, stale, out
/// of order or somebody else's changes what it says. <see cref="Continue"/> is the same model without pages.
/// </summary>
public sealed unsafe class ScriptedRunner : IModelRunner
{
    private float[] _logits = [];
    private int[] _rows = new int[16];
    private int[] _counts = new int[16];

    public ScriptedRunner(KvPagePool pool, int vocabSize = 64, int maxContextTokens = 4096, int maxBatchTokens = 512)
    {
        (Pages, VocabSize, MaxContextTokens, MaxBatchTokens) = (pool, vocabSize, maxContextTokens, maxBatchTokens);
    }

    public int VocabSize { get; }

    public int MaxContextTokens { get; }

    public int MaxBatchTokens { get; }

    public KvPagePool Pages { get; }

    /// <summary>Called before a batch is computed; may throw, or wait.</summary>
    public Action<ForwardBatch>? BeforeForward { get; set; }

    /// <summary>Called with the row of each sequence that asked for logits; may change it.</summary>
    public Action<int, float[], int>? AfterLogits { get; set; }

    /// <summary>What there is to prepare; nothing by default.</summary>
    public Func<bool>? Prepare { get; set; }

    public bool IsDisposed { get; private set; }

    public static KvPageLayout Layout(int pageSizeTokens) => new(Layers: 1, pageSizeTokens, KvHeads: 1, HeadDim: 2, KvDtype.F32);

    public static KvPagePool Pool(int pages, int pageSizeTokens = 4) => new(Layout(pageSizeTokens), pages);

    /// <summary>What the model says after <paramref name="prompt"/>, greedily.</summary>
    public static int[] Continue(IReadOnlyList<int> prompt, int newTokens, int vocabSize = 64)
    {
        var tokens = new List<int>(prompt);
        for (var i = 0; i < newTokens; i++)
        {
            var hash = 17UL;
            for (var position = 0; position < tokens.Count; position++) hash = Mix(hash, tokens[position], position);
            tokens.Add(Enumerable.Range(0, vocabSize).MaxBy(token => Logit(hash, token)));
        }

        return [.. tokens.Skip(prompt.Count)];
    }

    public bool TryPrepare() => Prepare?.Invoke() ?? false;

    public void Forward(ForwardBatch batch)
    {
        BeforeForward?.Invoke(batch);
        ForwardBatchCheck.Check(batch, this);
        if (_rows.Length < batch.Count) _rows = new int[2 * batch.Count];
        if (_counts.Length < batch.Count) _counts = new int[2 * batch.Count];
        if (_logits.Length < batch.TokenCount * VocabSize) _logits = new float[2 * batch.TokenCount * VocabSize];
        var rows = 0;
        for (var i = 0; i < batch.Count; i++)
        {
            Write(batch, i);
            _counts[i] = batch.LogitCount(i);
            _rows[i] = _counts[i] > 0 ? rows : -1;
            rows += _counts[i];
        }

        for (var i = 0; i < batch.Count; i++)
        {
            for (var nth = 0; nth < _counts[i]; nth++) ComputeLogits(batch, i, nth);
        }
    }

    public Span<float> Logits(int index, int nth = 0)
    {
        if (_rows[index] < 0 || nth >= _counts[index]) throw new ArgumentOutOfRangeException(nameof(index), index, "That token did not ask for logits.");
        return _logits.AsSpan((_rows[index] + nth) * VocabSize, VocabSize);
    }

    public void Dispose() => IsDisposed = true;

    private static ulong Mix(ulong hash, int token, int position)
    {
        hash = (hash ^ (uint)token) * 0x9E3779B97F4A7C15;
        hash = (hash ^ (uint)position ^ (hash >> 29)) * 0xBF58476D1CE4E5B9;
        return hash ^ (hash >> 32);
    }

    private static float Logit(ulong hash, int token) => (Mix(hash, token, -1) >> 44) / 131072f;

    private float* Slot(ForwardBatch batch, int index, int position)
    {
        var size = Pages.Layout.PageSizeTokens;
        var page = batch.Pages(index)[position / size];
        return (float*)Pages.Keys(page, 0) + 2 * (position % size);
    }

    private void Write(ForwardBatch batch, int index)
    {
        var position = batch.FirstPosition(index);
        foreach (var token in batch.Tokens(index))
        {
            var slot = Slot(batch, index, position);
            (slot[0], slot[1]) = (token, position);
            position++;
        }
    }

    private void ComputeLogits(ForwardBatch batch, int index, int nth)
    {
        var last = batch.Tokens(index).Length - _counts[index] + nth;
        var end = batch.FirstPosition(index) + last + 1;
        var row = (_rows[index] + nth) * VocabSize;
        var hash = 17UL;
        for (var position = 0; position < end; position++)
        {
            var slot = Slot(batch, index, position);
            hash = Mix(hash, (int)slot[0], (int)slot[1]);
        }

        for (var token = 0; token < VocabSize; token++) _logits[row + token] = Logit(hash, token);
        AfterLogits?.Invoke(batch.Tokens(index)[last], _logits, row);
    }
}
