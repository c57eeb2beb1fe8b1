using System.Text.Json;
using Akka.Actor;
using Akka.Cluster;
using Akka.Http.Dsl;
using Ceen;
using AkkaCluster = Akka.Cluster.Cluster;

namespace Akka.Management.Cluster.Bootstrap;

/// <summary>A member that others may join.</summary>
internal sealed record SeedNode(string Node, int NodeUid, string Status, IReadOnlyList<string> Roles);

/// <summary>What <c>/bootstrap/seed-nodes</c> says.</summary>
/// <param name="Nodes">Empty if the node is of no cluster yet.</param>
internal sealed record SeedNodes(string SelfNode, IReadOnlyList<SeedNode> Nodes)
{
    private const int MostNodes = 5;

    public static SeedNodes Of(AkkaCluster cluster)
    {
        var state = cluster.State;
        var members = state.Members
            .Where(member => member.Status is MemberStatus.Joining or MemberStatus.WeaklyUp or MemberStatus.Up && !state.Unreachable.Contains(member))
            .Take(MostNodes)
            .Select(member => new SeedNode(member.Address.ToString(), member.UniqueAddress.Uid, member.Status.ToString(), [.. member.Roles]));
        return new SeedNodes(cluster.SelfAddress.ToString(), [.. members]);
    }
}

/// <summary>GET answers with members to join.</summary>
internal sealed class SeedNodesRoute : HttpModuleBase
{
    public override async Task<bool> HandleAsync(IAkkaHttpContext context)
    {
        if (context.HttpContext.Request.Method != "GET") return false;
        var response = context.HttpContext.Response;
        if (((ExtendedActorSystem)context.ActorSystem).Provider is not ClusterActorRefProvider)
        {
            response.StatusCode = HttpStatusCode.ServiceUnavailable;
            var error = new { error = new { reason = "not available", message = "This system is of no cluster" }, code = 503, message = "Service unavailable" };
            await response.WriteAllJsonAsync(JsonSerializer.Serialize(error)).ConfigureAwait(false);
            return true;
        }

        await response.WriteAllJsonAsync(JsonSerializer.Serialize(SeedNodes.Of(AkkaCluster.Get(context.ActorSystem)))).ConfigureAwait(false);
        return true;
    }
}
