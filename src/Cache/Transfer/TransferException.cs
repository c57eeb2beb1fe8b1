using ActorInference.Actors.Kv;

namespace ActorInference.Cache.Transfer;

/// <summary>Pages could not be brought from another process.</summary>
public sealed class TransferException(TransferError error, string message, Exception? cause = null) : Exception(message, cause)
{
    public TransferError Error { get; } = error;
}
