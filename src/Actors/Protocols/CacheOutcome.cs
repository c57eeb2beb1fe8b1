namespace ActorInference.Actors.Protocols;

/// <summary>What became of one page of a batch. The numbers are part of the wire format.</summary>
public enum CacheOutcome
{
    Done = 1,

    /// <summary>There is no such page.</summary>
    NotFound = 2,

    /// <summary>It is being written.</summary>
    NotReady = 3,

    /// <summary>It is there already, or somebody else is writing it.</summary>
    AlreadyExists = 4,

    /// <summary>Somebody may be reading it.</summary>
    Leased = 5,

    /// <summary>No store has room for it now.</summary>
    NoSpace = 6,

    /// <summary>Another writer started it.</summary>
    OtherWriter = 7,

    /// <summary>Nothing was started that could end.</summary>
    NotStarted = 8,

    /// <summary>The tenant has no room left.</summary>
    QuotaExceeded = 9,

    /// <summary>No quota was set for the tenant, and one is needed.</summary>
    UnknownTenant = 10,

    /// <summary>A copy of it is under way.</summary>
    Busy = 11,

    /// <summary>The request makes no sense.</summary>
    Invalid = 12,

    /// <summary>The state that it would change cannot be changed now.</summary>
    Unavailable = 13,
}
