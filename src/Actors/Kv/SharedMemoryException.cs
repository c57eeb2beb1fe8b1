namespace ActorInference.Actors.Kv;

/// <summary>Shared memory is not to be had, or not enough of it. None is held.</summary>
public sealed class SharedMemoryException(string message, Exception? cause = null) : IOException(message, cause);
