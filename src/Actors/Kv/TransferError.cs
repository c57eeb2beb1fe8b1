namespace ActorInference.Actors.Kv;

/// <summary>Why pages did not come from another process.</summary>
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

    /// <summary>There is no place: too few free pages here, or too many transfers here or there.</summary>
    NoRoom,

    /// <summary>This process ends.</summary>
    Stopped,
}
