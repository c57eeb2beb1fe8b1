namespace ActorInference.Cache.Traces;

/// <summary>One request of a trace.</summary>
/// <param name="TimestampMs">Arrival, since the trace's start.</param>
/// <param name="InputTokens">Length of the prompt.</param>
/// <param name="OutputTokens">Length of the answer.</param>
/// <param name="Blocks">The prompt's blocks; an id stands for a block with all before it, so equal ids are equal prefixes.</param>
public sealed record TraceRequest(long TimestampMs, int InputTokens, int OutputTokens, int[] Blocks);
