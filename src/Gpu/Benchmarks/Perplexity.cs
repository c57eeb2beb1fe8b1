using ActorInference.Actors.Kv;
using ActorInference.Gpu.Cpu;
using ActorInference.Gpu.Engine;
using ActorInference.Gpu.Kv;
using ActorInference.Gpu.Models;
using ActorInference.Gpu.Tokenization;

namespace ActorInference.Gpu.Benchmarks;

/// <param name="Value">e to the mean of the negative log-probabilities.</param>
/// <param name="Tokens">Tokens that were predicted.</param>
/// <param name="Documents">Texts that they are of.</param>
public sealed record PerplexityResult(double Value, int Tokens, int Documents);

/// <summary>How well a model predicts texts: every token of each after its first, from all before it in that text.</summary>
public static class Perplexity
{
    private const int ChunkTokens = 64;
    private const int PageSizeTokens = 16;

    /// <param name="model">A model folder or a GGUF file.</param>
    /// <param name="text">Documents, with an empty line between two. What is longer than the model's context is left out.</param>
    /// <param name="kvDtype">Element type of keys and values.</param>
    /// <param name="threads">Compute threads, at least 1.</param>
    /// <exception cref="ModelFormatException">The model cannot be used.</exception>
    /// <exception cref="ArgumentException">No document has two tokens.</exception>
    public static PerplexityResult Measure(string model, string text, KvDtype kvDtype, int threads)
    {
        var tokenizer = Tokenizer.Load(model);
        using var weights = ModelWeights.Load(model);
        var config = weights.Config;
        var documents = text.ReplaceLineEndings("\n").Split("\n\n", StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .Select(document => tokenizer.Encode(document)).Where(ids => ids.Length >= 2).ToList();
        if (documents.Count == 0) throw new ArgumentException("The text has no document of two tokens or more.", nameof(text));
        var longest = Math.Min(config.MaxPositionEmbeddings, documents.Max(ids => ids.Length));
        var layout = new KvPageLayout(config.Layers, PageSizeTokens, config.KvHeads, config.HeadDim, kvDtype);
        using var pool = new KvPagePool(layout, layout.PagesFor(longest));
        using var runner = new CpuModelRunner(weights, pool, new CpuRunnerOptions { Threads = threads, MaxBatchTokens = ChunkTokens, MaxContextTokens = longest });
        var (sum, tokens) = (0.0, 0);
        foreach (var ids in documents)
        {
            var read = ids.AsSpan(0, Math.Min(ids.Length, longest));
            sum += NegativeLogProbability(runner, read);
            tokens += read.Length - 1;
        }

        return new PerplexityResult(Math.Exp(sum / tokens), tokens, documents.Count);
    }

    private static double NegativeLogProbability(CpuModelRunner runner, ReadOnlySpan<int> ids)
    {
        Span<int> pages = new int[runner.Pages.Layout.PagesFor(ids.Length)];
        for (var i = 0; i < pages.Length; i++) pages[i] = i;
        var batch = new ForwardBatch();
        var sum = 0.0;
        // Nothing follows the last token to be predicted from it.
        for (var first = 0; first < ids.Length - 1; first += ChunkTokens)
        {
            var count = Math.Min(ChunkTokens, ids.Length - 1 - first);
            batch.Clear();
            batch.Add(ids.Slice(first, count), first, pages, logitCount: count);
            runner.Forward(batch);
            for (var i = 0; i < count; i++) sum += NegativeLogProbability(runner.Logits(0, i), ids[first + i + 1]);
        }

        return sum;
    }

    private static double NegativeLogProbability(ReadOnlySpan<float> logits, int token)
    {
        var max = double.NegativeInfinity;
        foreach (var logit in logits) max = Math.Max(max, logit);
        var sum = 0.0;
        foreach (var logit in logits) sum += Math.Exp(logit - max);
        return max + Math.Log(sum) - logits[token];
    }
}
