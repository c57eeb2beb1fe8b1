namespace ActorInference.Host.Cli;

/// <summary>What a command waited for does not come about. The message is the one line to show; the exit code is 1.</summary>
public sealed class CommandFailedException(string message) : Exception(message);
