namespace ActorInference.Gpu.Models;

/// <summary>A model cannot be divided over so many ranks. The message says what stands against it.</summary>
public sealed class IndivisibleModelException(string message) : ArgumentException(message);
