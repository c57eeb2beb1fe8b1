namespace ActorInference.Host.Cli;

/// <summary>The user asked for something that cannot be done. The message is the one line to show; the exit code is 2.</summary>
public sealed class UserErrorException(string message, Exception? cause = null) : Exception(message, cause);
