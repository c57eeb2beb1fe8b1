namespace ActorInference.Cache.Transfer;

/// <summary>Why pages did not come.</summary>
public enum TransferError
{
    /// <summary>The pools differ in shape or the programs in version.</summary>
    Mismatch,

    /// <summary>The sender no longer has a page.</summary>
    Gone,

    /// <summary>A page's bytes are not those that were sent.</summary>
    Corrupt,

    /// <summary>The other side cannot be reached, or broke off.</summary>
    Broken,

    /// <summary>It took longer than its deadline.</summary>
    TimedOut,

    /// <summary>The other side does not keep to the protocol.</summary>
    Protocol,
}

/// <summary>Pages could not be brought from another process.</summary>
public sealed class TransferException(TransferError error, string message, Exception? cause = null) : Exception(message, cause)
{
    public TransferError Error { get; } = error;
}
