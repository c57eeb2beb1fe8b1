using ActorInference.Actors.Protocols;
using ActorInference.Roles.Router;
using Akka.Actor;
using Akka.Hosting;

namespace ActorInference.Host.Management;

/// <summary>Asks this node's router for its workers.</summary>
public static class WorkersQuery
{
    /// <summary>A router that is slower than this is as good as none.</summary>
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(2);

    /// <exception cref="WorkersUnknownException">The node has no router, or it does not answer.</exception>
    public static async Task<RouterProtocol.Workers> WorkersAsync(this ActorSystem system)
    {
        if (!ActorRegistry.For(system).TryGet<RouterActor>(out var router)) throw new WorkersUnknownException("This node has no router.");
        try
        {
            return await router.Ask<RouterProtocol.Workers>(RouterProtocol.GetWorkers.Instance, Timeout);
        }
        catch (AskTimeoutException cause)
        {
            throw new WorkersUnknownException($"The router did not answer within {Timeout.TotalSeconds:0} s.", cause);
        }
    }

    /// <summary>A role of which there is no worker, or null.</summary>
    private static WorkerRole? MissingRole(this RouterProtocol.Workers workers) => WorkerRoles.Needed
        .Where(role => workers.Reports.All(report => report.Draining || !report.Role.Serves(role)))
        .Select(role => (WorkerRole?)role)
        .FirstOrDefault();

    /// <summary>Why requests cannot be served; null if they can.</summary>
    public static string? WhyNotServing(this RouterProtocol.Workers workers) => workers.MissingRole() is { } role
        ? $"There is no {role.Name()} worker."
        : WorkerPairs.Mismatch(workers.Reports);
}

/// <summary>Nobody can say which workers there are.</summary>
public sealed class WorkersUnknownException(string message, Exception? cause = null) : Exception(message, cause);
