using ActorInference.Actors.Ids;
using ActorInference.Actors.Kv;
using ActorInference.Actors.Protocols;
using Akka.Actor;

namespace ActorInference.Roles.Workers;

/// <summary>What a <see cref="RehearsalActor"/> works with.</summary>
public sealed record RehearsalOptions
{
    /// <summary>Who rehearses.</summary>
    public required WorkerId Worker { get; init; }

    /// <summary>What it serves.</summary>
    public required WorkerRole Role { get; init; }

    /// <summary>Of the pages that it exchanges.</summary>
    public required KvTransferFormat Format { get; init; }

    /// <summary>Whom it asks for other workers; answers <see cref="RouterProtocol.GetWorkers"/>, if it can.</summary>
    public required IActorRef Routers { get; init; }

    /// <summary>Whether the process has joined the others: before that there is nobody to ask, and no time is lost.</summary>
    public Func<bool> HasJoined { get; init; } = static () => true;

    /// <summary>For all exchanges together; zero for none.</summary>
    public TimeSpan Deadline { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>Exchanged with each other worker, at least 1; at the same time.</summary>
    public int Pages { get; init; } = 4;

    /// <summary>What else there is to do before the worker gets work; it has a limit of its own. Null for nothing.</summary>
    public Func<Task>? BeforeWork { get; init; }
}
