using System.Collections.Immutable;
using ActorInference.Actors.Ids;
using ActorInference.Actors.Protocols;
using ActorInference.Gpu.Engine;

namespace ActorInference.Roles.Composition;

/// <summary>What one process serves, and with how many workers of each role.</summary>
public sealed record InferenceNode
{
    /// <summary>
    /// Makes a runner of the model for a worker, again after each restart of it. The workers of one process share a page pool.
    /// </summary>
    public required Func<WorkerId, IModelRunner> CreateRunner { get; init; }

    /// <summary>The model's end-of-sequence tokens.</summary>
    public ImmutableArray<int> EndTokenIds { get; init; } = [];

    /// <summary>Workers for prompts, at least 1.</summary>
    public int PrefillWorkers { get; init; } = 1;

    /// <summary>Workers for generation, at least 1.</summary>
    public int DecodeWorkers { get; init; } = 1;

    /// <summary>Name of a worker, for instance <c>prefill-0</c>.</summary>
    public static WorkerId NameOf(WorkerRole role, int ordinal) => new($"{role.ToString().ToLowerInvariant()}-{ordinal}");
}
