using System.Collections.Immutable;
using ActorInference.Actors.Generation;
using ActorInference.Actors.Kv;

namespace ActorInference.Gpu.Engine;

/// <summary>
/// Runs a short sequence through a runner that has computed nothing yet, so that code is compiled and memory touched before the
/// first prompt waits for that. Leaves no page behind.
/// </summary>
public static class EngineWarmUp
{
    private const int NewTokens = 4;

    /// <param name="runner">Used by nobody else meanwhile.</param>
    /// <param name="promptTokens">At least 1; fewer are taken where the model has no room for them.</param>
    /// <exception cref="InvalidOperationException">The model cannot compute it.</exception>
    public static void Run(IModelRunner runner, int promptTokens)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(promptTokens);
        var events = new FailuresOnly();
        var engine = new InferenceEngine(runner, new EngineOptions(), events, TimeProvider.System);
        var length = Math.Min(promptTokens, engine.MaxSequenceTokens - NewTokens);
        if (length < 1) return;
        ImmutableArray<int> prompt = [.. Enumerable.Range(0, length).Select(i => i % runner.VocabSize)];
        try
        {
            engine.Add(new SequenceSpec(prompt, [], new SamplingOptions { MaxNewTokens = NewTokens, Temperature = 1, TopK = 8 }, SequenceMode.Generate));
            while (engine.HasWork && events.Failure is null) engine.Step();
        }
        finally
        {
            engine.ReleaseAll();
        }

        if (events.Failure is { } reason) throw new InvalidOperationException($"The model could not compute a first sequence: {reason}");
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
