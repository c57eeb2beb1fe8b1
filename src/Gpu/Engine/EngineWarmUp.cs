using System.Collections.Immutable;
using ActorInference.Actors.Generation;
using ActorInference.Actors.Kv;

namespace ActorInference.Gpu.Engine;

/// <summary>
/// Runs a short sequence through a runner that has computed nothing yet, so that code is compiled and memory touched before the
/// first prompt waits for that, and it is known how fast prompts are. Leaves no page behind.
/// </summary>
public static class EngineWarmUp
{
    private const int NewTokens = 4;

    /// <summary>A first run that took no longer was mostly compiling: another one tells how fast the model is.</summary>
    private const double MostSecondsForAnother = 1;

    /// <param name="runner">Used by nobody else meanwhile.</param>
    /// <param name="promptTokens">At least 1; fewer are taken where the model has no room for them.</param>
    /// <returns>Seconds that a token of a prompt takes; 0 if there was no room for any.</returns>
    /// <exception cref="InvalidOperationException">The model cannot compute it.</exception>
    public static double Run(IModelRunner runner, int promptTokens)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(promptTokens);
        var first = RunOnce(runner, promptTokens, NewTokens, new EngineOptions());
        return first is > 0 && first * promptTokens < MostSecondsForAnother ? RunOnce(runner, promptTokens, NewTokens, new EngineOptions()) : first;
    }

    /// <summary>
    /// The same with a prompt whose pages are kept: computed first, then found in the cache, then brought back from the tier, before the step
    /// and layer by layer. After an update in place that is what the first prompts need.
    /// </summary>
    /// <param name="runner">As above.</param>
    /// <param name="cache">Empty, and is in the end.</param>
    /// <param name="tier">Of no other use: the prompt's pages stay there.</param>
    /// <exception cref="InvalidOperationException">The model cannot compute it.</exception>
    public static void RunCached(IModelRunner runner, IPrefixCache cache, IPageTier tier)
    {
        var promptTokens = 2 * cache.PageSizeTokens + 1;
        var whole = new EngineOptions { OverlapLoadBytes = 0 };
        try
        {
            RunOnce(runner, promptTokens, newTokens: 1, whole, cache, tier);
            RunOnce(runner, promptTokens, newTokens: 1, whole, cache, tier);
            cache.Clear();
            RunOnce(runner, promptTokens, newTokens: 1, whole, cache, tier);
            cache.Clear();
            RunOnce(runner, promptTokens, newTokens: 1, whole with { OverlapLoadBytes = 1 }, cache, tier);
        }
        finally
        {
            cache.Clear();
        }
    }

    private static double RunOnce(IModelRunner runner, int promptTokens, int newTokens, EngineOptions options, IPrefixCache? cache = null, IPageTier? tier = null)
    {
        var events = new FailuresOnly();
        var engine = new InferenceEngine(runner, options, events, TimeProvider.System, cache, tier);
        var length = Math.Min(promptTokens, engine.MaxSequenceTokens - newTokens);
        if (length < 1) return 0;
        ImmutableArray<int> prompt = [.. Enumerable.Range(0, length).Select(i => i % runner.VocabSize)];
        try
        {
            engine.Add(new SequenceSpec(prompt, [], new SamplingOptions { MaxNewTokens = newTokens, Temperature = 1, TopK = 8 }, SequenceMode.Generate));
            while (engine.HasWork && events.Failure is null) engine.Step();
        }
        finally
        {
            engine.ReleaseAll();
        }

        if (events.Failure is { } reason) throw new InvalidOperationException($"The model could not compute a first sequence: {reason}");
        return engine.SecondsPerPromptToken;
    }

    private sealed class FailuresOnly : IEngineEvents
    {
        public string? Failure { get; private set; }

        public void Granted(SequenceId sequence, int pages, int cachedPages)
        {
        }

        public void Started(SequenceId sequence, int cachedTokens, TierTokens tiers)
        {
        }

        public void Progressed(SequenceId sequence, int computedTokens)
        {
        }

        public void TokenSampled(SequenceId sequence, int index, int token, TokenLogprob? logprob)
        {
        }

        public void PagesFilled(SequenceId sequence, int firstPage, ReadOnlySpan<int> pages)
        {
        }

        public void HandedOver(SequenceId sequence, int firstPage, ReadOnlySpan<int> pages, int nextToken)
        {
        }

        public void Preempted(SequenceId sequence)
        {
        }

        public void Finished(SequenceId sequence, FinishReason reason, int? matchedToken)
        {
        }

        public void Failed(SequenceId sequence, string reason) => Failure = reason;
    }
}
