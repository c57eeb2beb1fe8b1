namespace ActorInference.Cache.Transfer;

/// <summary>Limits of a page server.</summary>
public sealed record PageServerOptions
{
    /// <summary>Time that a client has for a request, and for what it takes of the answer beyond its size. Default 5 s.</summary>
    public TimeSpan Stall { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Least speed at which a client takes pages before it counts as stalled, in bytes a second. Default 50 MB.</summary>
    public long MinBytesPerSecond { get; init; } = 50_000_000;

    /// <summary>Clients at the same time, each of them one thread; a further one is told that the server is busy. Default 256.</summary>
    public int MaxConnections { get; init; } = 256;
}
