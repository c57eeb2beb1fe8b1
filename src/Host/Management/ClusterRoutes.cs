using Akka.Actor;
using Akka.Http.Dsl;
using Akka.Management;
using Akka.Management.Dsl;
using Ceen;

namespace ActorInference.Host.Management;

/// <summary><c>GET /cluster/members</c>: the members of the cluster as this node sees them.</summary>
public sealed class ClusterRoutes : IManagementRouteProvider
{
    public (string, HttpModuleBase)[] Routes(ManagementRouteProviderSettings settings) => [("/cluster/members", new JsonRoute(MembersAsync))];

    private static Task<JsonAnswer> MembersAsync(ActorSystem system) => Task.FromResult(ClusterView.Of(system) is { } view
        ? new JsonAnswer(HttpStatusCode.OK, ManagementJson.Members(view))
        : new JsonAnswer(HttpStatusCode.NotFound, ManagementJson.Error(ClusterView.NoCluster)));
}
