namespace ActorInference.Roles.Router;

/// <summary>How far a router sends prompts where their beginnings are cached.</summary>
public sealed record PrefixRoutingOptions
{
    /// <summary>Tokens that are told apart from others as one; 0 is routing by load alone. Default 16.</summary>
    public int BlockTokens { get; init; } = 16;

    /// <summary>Blocks that are remembered, of all workers together, at least 1. Default 262,144: some 12 MB, and 4 million tokens.</summary>
    public int CapacityBlocks { get; init; } = 1 << 18;

    /// <summary>
    /// Jobs that a prefill worker may have more than twice those of the least busy one and still be preferred for what it has cached. Default 8.
    /// </summary>
    public int PrefillSlackJobs { get; init; } = 8;

    /// <summary>Jobs that a decode worker may have more than the least busy one and still be preferred for what it has cached. Default 2.</summary>
    public int DecodeSlackJobs { get; init; } = 2;
}
