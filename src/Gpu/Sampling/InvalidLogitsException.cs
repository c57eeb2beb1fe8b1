namespace ActorInference.Gpu.Sampling;

/// <summary>Logits from which no token can be chosen: not a number, infinite, or every token masked.</summary>
public sealed class InvalidLogitsException(string message) : Exception(message);
