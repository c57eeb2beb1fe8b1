namespace ActorInference.Actors.Protocols;

/// <summary>
/// Versions of what workers, routers and generations say to each other. Workers of different ones are not paired; a
/// generation speaks each one's own.
/// </summary>
public static class ProtocolVersion
{
    /// <summary>A prefill job names its decode worker from the start.</summary>
    public const int First = 0;

    /// <summary>A prefill job may begin before a decode worker has granted room, and is told of it later.</summary>
    public const int LateGrant = 1;

    /// <summary>This one.</summary>
    public const int Current = LateGrant;
}
