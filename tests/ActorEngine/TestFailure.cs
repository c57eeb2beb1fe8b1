namespace ActorInference.ActorEngine.Tests;

/// <summary>A failure that a test provokes.</summary>
public class TestFailure(string message) : Exception(message);

/// <summary>Another, for strategies that tell them apart.</summary>
public sealed class OtherFailure(string message) : Exception(message);
