using ActorInference.Roles.Router;
using Akka.Actor;
using Akka.Cluster;
using Akka.Hosting;
using Akka.Http.Dsl;
using Akka.Management;
using Akka.Management.Dsl;
using Ceen;

namespace ActorInference.Host.Management;

/// <summary>
/// <c>GET /alive</c>: whether the process should live on. <c>GET /ready</c>: whether it should be given work: a gateway once there are
/// workers that can be paired, another node once it is up in the cluster.
/// </summary>
public sealed class HealthRoutes : IManagementRouteProvider
{
    public (string, HttpModuleBase)[] Routes(ManagementRouteProviderSettings settings) =>
        [("/alive", JsonRoute.Of(AliveAsync)), ("/ready", JsonRoute.Of(ReadyAsync))];

    private static Task<JsonAnswer> AliveAsync(ActorSystem system) => Task.FromResult(system.WhenTerminated.IsCompleted
        ? new JsonAnswer(HttpStatusCode.ServiceUnavailable, ManagementJson.Status("terminated", "The actor system has ended."))
        : new JsonAnswer(HttpStatusCode.OK, ManagementJson.Status("alive")));

    private static async Task<JsonAnswer> ReadyAsync(ActorSystem system)
    {
        if (CoordinatedShutdown.Get(system).ShutdownReason is not null) return NotReady("The node is shutting down.");
        if (ClusterView.Of(system) is { } view && view.StatusOfSelf != nameof(MemberStatus.Up)) return NotReady($"The node is {view.StatusOfSelf?.ToLowerInvariant() ?? "no member"} in its cluster.");
        if (ClusterView.IsMember(system) && !ActorRegistry.For(system).TryGet<RouterActor>(out _)) return new JsonAnswer(HttpStatusCode.OK, ManagementJson.Status("ready"));
        try
        {
            return (await system.WorkersAsync()).WhyNotServing() is { } reason
                ? NotReady(reason)
                : new JsonAnswer(HttpStatusCode.OK, ManagementJson.Status("ready"));
        }
        catch (WorkersUnknownException cause)
        {
            return NotReady(cause.Message);
        }
    }

    private static JsonAnswer NotReady(string reason) => new(HttpStatusCode.ServiceUnavailable, ManagementJson.Status("not ready", reason));
}
