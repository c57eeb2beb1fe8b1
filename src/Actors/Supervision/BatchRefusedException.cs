namespace ActorInference.Actors.Supervision;

/// <summary>A device refused a batch before it computed anything of it. Whoever gave the batch can go on.</summary>
public sealed class BatchRefusedException(string message, Exception cause) : Exception(message, cause);
