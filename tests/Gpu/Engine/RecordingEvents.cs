using ActorInference.Actors.Generation;
using ActorInference.Actors.Kv;
using ActorInference.Gpu.Engine;
using ActorInference.Gpu.Kv;

namespace ActorInference.Gpu.Tests.Engine;

/// <summary>Remembers what an engine reported; takes a reference of every page that it is shown, as a worker does.</summary>
internal sealed class RecordingEvents(KvPagePool pool) : IEngineEvents
{
    public Dictionary<SequenceId, List<int>> Tokens { get; } = [];

    public Dictionary<SequenceId, List<TokenLogprob?>> Logprobs { get; } = [];

    public Dictionary<SequenceId, (FinishReason Reason, int? Token)> Ends { get; } = [];

    public Dictionary<SequenceId, string> Failures { get; } = [];

    public Dictionary<SequenceId, List<int>> HandedPages { get; } = [];

    public Dictionary<SequenceId, int> NextTokens { get; } = [];

    /// <summary>Of each start of a sequence, the tokens that were there already.</summary>
    public Dictionary<SequenceId, List<int>> CachedTokens { get; } = [];

    public List<string> Log { get; } = [];

    public int PreemptionCount { get; private set; }

    public void Granted(SequenceId sequence, int pages, int cachedPages) => Log.Add($"granted {sequence.Value} {pages} {cachedPages}");

    public void Started(SequenceId sequence, int cachedTokens, TierTokens tiers)
    {
        if (!CachedTokens.TryGetValue(sequence, out var starts)) CachedTokens[sequence] = starts = [];
        starts.Add(cachedTokens);
        Log.Add($"started {sequence.Value}");
    }

    public void Progressed(SequenceId sequence, int computedTokens) => Log.Add($"progressed {sequence.Value} {computedTokens}");

    public void TokenSampled(SequenceId sequence, int index, int token, TokenLogprob? logprob)
    {
        if (!Tokens.TryGetValue(sequence, out var tokens)) Tokens[sequence] = tokens = [];
        if (!Logprobs.TryGetValue(sequence, out var logprobs)) Logprobs[sequence] = logprobs = [];
        tokens.Add(token);
        logprobs.Add(logprob);
        Log.Add($"token {sequence.Value} {index}");
    }

    public void PagesFilled(SequenceId sequence, int firstPage, ReadOnlySpan<int> pages)
    {
        if (!HandedPages.TryGetValue(sequence, out var handed)) HandedPages[sequence] = handed = [];
        Assert.Equal(handed.Count, firstPage);
        foreach (var page in pages) pool.AddReference(page);
        handed.AddRange(pages);
        Log.Add($"filled {sequence.Value} {firstPage}+{pages.Length}");
    }

    public void HandedOver(SequenceId sequence, int firstPage, ReadOnlySpan<int> pages, int nextToken)
    {
        PagesFilled(sequence, firstPage, pages);
        NextTokens[sequence] = nextToken;
        Log.Add($"handed {sequence.Value}");
    }

    public void Preempted(SequenceId sequence)
    {
        PreemptionCount++;
        Log.Add($"preempted {sequence.Value}");
    }

    public void Finished(SequenceId sequence, FinishReason reason, int? matchedToken)
    {
        Ends.Add(sequence, (reason, matchedToken));
        Log.Add($"finished {sequence.Value}");
    }

    public void Failed(SequenceId sequence, string reason)
    {
        Failures.Add(sequence, reason);
        Log.Add($"failed {sequence.Value}");
    }
}
