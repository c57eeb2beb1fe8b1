using ActorInference.Actors.Ids;
using ActorInference.Actors.Kv;
using ActorInference.Gpu.Constraints;
using ActorInference.Gpu.Engine;
using Akka.Actor;

namespace ActorInference.Gpu.Workers;

/// <summary>What a <see cref="GpuWorkerActor"/> works with.</summary>
public sealed record GpuWorkerOptions
{
    /// <summary>Configuration path of the dispatcher that gives each GPU worker a thread of its own.</summary>
    public const string Dispatcher = "actor-inference.gpu-dispatcher";

    public required WorkerId Worker { get; init; }

    /// <summary>Makes the model's runner, again after each restart. The worker disposes it.</summary>
    public required Func<IModelRunner> CreateRunner { get; init; }

    /// <summary>
    /// Makes the worker's prefix cache, over the runner's pool, again after each restart; null makes none. Nobody else uses
    /// it, and the worker clears it in the end. Workers that share a pool cannot evict each other's caches, so the
    /// capacities of theirs have to leave room for the longest sequence.
    /// </summary>
    public Func<IModelRunner, IPrefixCache?>? CreateCache { get; init; }

    /// <summary>Where full pages go besides; shared by the workers of the process. Null for none.</summary>
    public IPageTier? Tier { get; init; }

    /// <summary>Brings pages nearer while a prompt waits; null for none.</summary>
    public IPagePrefetch? Prefetch { get; init; }

    /// <summary>What cached pages depend on besides tokens; a job's salt is added to it.</summary>
    public KvNamespace Namespace { get; init; } = new("", "", KvDtype.F32);

    /// <summary>How other processes reach the runner's pool; null if they can't.</summary>
    public KvPageSource? Source { get; init; }

    /// <summary>Brings pages from other processes into the runner's pool; null if there are none.</summary>
    public IActorRef? Courier { get; init; }

    /// <summary>Tokens of a prompt that the runner computes before the worker says that it is ready; 0 for none.</summary>
    public int WarmUpTokens { get; init; }

    /// <summary>Whether the runner does all of <see cref="IModelRunner.TryPrepare"/> before the worker says that it is ready; else in moments without work.</summary>
    public bool IsPreparedFirst { get; init; }

    /// <summary>Makes tiers like the worker's own for the warm-up to use, and to dispose; null makes none.</summary>
    public Func<IModelRunner, WarmUpTiers>? CreateWarmUpTiers { get; init; }

    public EngineOptions Engine { get; init; } = new();

    /// <summary>
    /// How many pages, of the runner's pool, prefill jobs may hold that no decode worker has granted room for yet. Beyond that they wait
    /// for the grant before they begin, so that pages which nobody can take do not stand in the way of others.
    /// </summary>
    public Func<IModelRunner, int> AheadPages { get; init; } = static _ => 0;

    /// <summary>Where each step is noted (<see cref="StepLog"/>); null for nowhere.</summary>
    public string? StepLogPath { get; init; }

    /// <summary>Told of each namespace before pages come under it, with its salt, which is null for the common one.</summary>
    public Action<KvNamespaceId, string?>? OnSpace { get; init; }

    /// <summary>What constraints know of the model's tokens, made when the first comes; null if there is no tokenizer, and no constraint is taken.</summary>
    public Lazy<TokenVocabulary>? Vocabulary { get; init; }

    /// <summary>What the role actor sees of it.</summary>
    public WorkerPulse Pulse { get; init; } = new();

    /// <summary>Between two signs of life to generations whose jobs wait.</summary>
    public TimeSpan SignInterval { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>How long pages under way are held for a receiver that does not answer.</summary>
    public TimeSpan TransferDeadline { get; init; } = TimeSpan.FromSeconds(30);
}
