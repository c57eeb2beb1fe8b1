namespace ActorInference.Gpu.Models;

/// <summary>How far a model's weights have been read.</summary>
/// <param name="LoadedBytes">Bytes of weights in memory so far.</param>
/// <param name="TotalBytes">Bytes of all weights that will be.</param>
/// <param name="Tensor">The tensor read last.</param>
public readonly record struct LoadProgress(long LoadedBytes, long TotalBytes, string Tensor);
