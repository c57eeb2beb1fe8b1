namespace ActorInference.Gpu.Engine;

/// <summary>How busy an engine is.</summary>
/// <param name="Running">Sequences that compute.</param>
/// <param name="Landing">Sequences whose pages are expected.</param>
/// <param name="Waiting">Sequences that wait for a place or for pages.</param>
/// <param name="PendingTokens">Tokens to compute before every sequence is in decode.</param>
/// <param name="HeldPages">Pages that its sequences hold; one that several share counts for each.</param>
/// <param name="CachedPages">Pages that its prefix cache holds, some of them together with sequences.</param>
/// <param name="EvictablePages">Those of them that no sequence uses.</param>
public readonly record struct EngineLoad(int Running, int Landing, int Waiting, int PendingTokens, int HeldPages, int CachedPages, int EvictablePages);
