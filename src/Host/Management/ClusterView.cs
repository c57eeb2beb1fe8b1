using System.Text.Json.Serialization;
using Akka.Actor;
using Akka.Cluster;

namespace ActorInference.Host.Management;

/// <summary>A cluster as one of its members sees it.</summary>
/// <param name="Self">Address of that member.</param>
/// <param name="Leader">Address of the leader; null if there is none.</param>
/// <param name="Members">In the order of their addresses.</param>
public sealed record ClusterView(string Self, string? Leader, IReadOnlyList<MemberView> Members)
{
    public const string NoCluster = "This process is no member of a cluster.";

    /// <returns>Null if the actor system is no member of one.</returns>
    public static ClusterView? Of(ActorSystem system)
    {
        if (!IsMember(system)) return null;
        var cluster = Cluster.Get(system);
        var state = cluster.State;
        return new ClusterView(
            cluster.SelfAddress.ToString(),
            state.Leader?.ToString(),
            [.. state.Members.OrderBy(member => member.Address.ToString(), StringComparer.Ordinal).Select(member => new MemberView(
                member.Address.ToString(), member.Status.ToString(), [.. member.Roles.Order(StringComparer.Ordinal)], !state.Unreachable.Contains(member)))]);
    }

    /// <summary>Null as long as it has not been let in.</summary>
    [JsonIgnore]
    public string? StatusOfSelf => Members.FirstOrDefault(member => member.Node == Self)?.Status;

    /// <summary>Whether the actor system can be a member of a cluster.</summary>
    public static bool IsMember(ActorSystem system) => system.Settings.Config.GetString("akka.actor.provider") == "cluster";
}

/// <param name="Status">Such as Up or Leaving.</param>
public sealed record MemberView(string Node, string Status, IReadOnlyList<string> Roles, bool Reachable);
