namespace ActorInference.Actors.Protocols;

/// <summary>What a worker does in a generation.</summary>
public enum WorkerRole
{
    /// <summary>Processes prompts.</summary>
    Prefill,

    /// <summary>Generates tokens.</summary>
    Decode,
}
