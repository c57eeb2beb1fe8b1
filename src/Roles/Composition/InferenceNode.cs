using System.Collections.Immutable;
using ActorInference.Actors.Ids;
using ActorInference.Actors.Kv;
using ActorInference.Actors.Protocols;
using ActorInference.Cache.Transfer;
using ActorInference.Gpu.Constraints;
using ActorInference.Gpu.Engine;
using ActorInference.Roles.Configuration;
using Akka.Actor;

namespace ActorInference.Roles.Composition;

/// <summary>What one process serves, and with how many workers of each role.</summary>
public sealed record InferenceNode
{
    /// <summary>
    /// Makes a runner of the model for a worker, again after each restart of it. The workers of one process share a page
    /// pool. Null where there are no workers.
    /// </summary>
    public Func<WorkerId, IModelRunner>? CreateRunner { get; init; }

    /// <summary>Tokens of a prompt that a runner computes before its worker is ready; 0 for none.</summary>
    public int WarmUpTokens { get; init; }

    /// <summary>Whether workers are ready only when they compute as fast as they will: where others wait for no first answer, but none of theirs is to be slower.</summary>
    public bool IsPreparedFirst { get; init; }

    /// <summary>The model's end-of-sequence tokens.</summary>
    public ImmutableArray<int> EndTokenIds { get; init; } = [];

    /// <summary>What constrained outputs take of the tokenizer, made when the first is asked for; null if there is none.</summary>
    public Lazy<TokenVocabulary>? Vocabulary { get; init; }

    /// <summary>The pool that the workers share; null where there are no workers, or where nothing is to be kept beyond it.</summary>
    public IPageMemory? DevicePool { get; init; }

    /// <summary>What cached pages depend on besides tokens.</summary>
    public KvNamespace Namespace { get; init; } = new("", "", KvDtype.F32);

    /// <summary>Folder for a file of each worker's steps (<see cref="Gpu.Workers.StepLog"/>); null for none.</summary>
    public string? StepLogs { get; init; }

    /// <summary>What the process does.</summary>
    public ImmutableSortedSet<NodeRole> Roles { get; init; } = NodeRoles.All;

    /// <summary>Workers for prompts, at least 1, if it has the role.</summary>
    public int PrefillWorkers { get; init; } = 1;

    /// <summary>Workers for generation, at least 1, if it has the role.</summary>
    public int DecodeWorkers { get; init; } = 1;

    /// <summary>Workers that do both, at least 1, if it has the role.</summary>
    public int BothWorkers { get; init; } = 1;

    /// <summary>The kinds of entities that live once in the cluster. Only a member of one can have any.</summary>
    public Func<InferenceSettings, ImmutableArray<ShardedEntity>> Entities { get; init; } = ShardedEntities.Of;

    /// <summary>How pages are exchanged with other processes; null for a process by itself.</summary>
    public PageExchange? Exchange { get; init; }

    /// <summary>
    /// In a cluster, what the process does when its workers are warm and before any router hears of them; has a limit of its own. Null for nothing.
    /// </summary>
    public Func<ActorSystem, HostTiers, Task>? BeforeWork { get; init; }

    /// <summary>How many workers of which role.</summary>
    public IEnumerable<(WorkerRole Role, int Count)> Workers()
    {
        foreach (var (place, role, count) in new[]
        {
            (NodeRole.Prefill, WorkerRole.Prefill, PrefillWorkers), (NodeRole.Decode, WorkerRole.Decode, DecodeWorkers), (NodeRole.Both, WorkerRole.Both, BothWorkers),
        })
        {
            if (!Roles.Contains(place)) continue;
            ArgumentOutOfRangeException.ThrowIfNegativeOrZero(count);
            yield return (role, count);
        }
    }

    /// <summary>Name of a worker within its process, for instance <c>prefill-0</c>.</summary>
    public static string NameOf(WorkerRole role, int ordinal) => $"{role.Name()}-{ordinal}";
}
