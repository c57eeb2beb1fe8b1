using Akka.Actor;
using Akka.Cluster;

namespace ActorInference.Host.Management;

/// <summary>What became of an order to the cluster.</summary>
public enum OrderResult
{
    /// <summary>It is under way.</summary>
    Accepted,

    /// <summary>It names something that cannot be meant.</summary>
    Malformed,

    /// <summary>There is no such member, or no cluster.</summary>
    NotFound,

    /// <summary>It cannot be done as things are.</summary>
    Conflict,
}

/// <param name="Text">What will happen, or why nothing does.</param>
public sealed record OrderOutcome(OrderResult Result, string Text);

/// <summary>Changes of the cluster that an operator asks this node for, by route or by console.</summary>
public static class ClusterOrders
{
    /// <summary>Asks a member to leave in order.</summary>
    /// <param name="member">Its address, in full or as host:port.</param>
    public static OrderOutcome Leave(ActorSystem system, string member) => Change(system, member, "leave", (cluster, address) => cluster.Leave(address));

    /// <summary>Removes a member that cannot be reached any more.</summary>
    /// <param name="member">Its address, in full or as host:port.</param>
    public static OrderOutcome Down(ActorSystem system, string member) => Change(system, member, "be removed", (cluster, address) => cluster.Down(address));

    /// <summary>Lets this node join the cluster of another one.</summary>
    /// <param name="other">Address of the other, in full or as host:port.</param>
    public static OrderOutcome Join(ActorSystem system, string other)
    {
        if (!ClusterView.IsMember(system)) return new OrderOutcome(OrderResult.NotFound, ClusterView.NoCluster);
        var cluster = Cluster.Get(system);
        if (Parse(other, cluster.SelfAddress) is not { } address)
            return new OrderOutcome(OrderResult.Malformed, $"address is '{other}'; expected that of a node, such as 127.0.0.1:4053.");
        if (cluster.State.Members.Count > 0)
            return new OrderOutcome(OrderResult.Conflict, $"{cluster.SelfAddress} is in a cluster of {cluster.State.Members.Count} already; it has to leave that before it can join another.");
        cluster.Join(address);
        return new OrderOutcome(OrderResult.Accepted, $"{cluster.SelfAddress} will join {address}.");
    }

    private static OrderOutcome Change(ActorSystem system, string text, string what, Action<Cluster, Address> change)
    {
        if (ClusterView.Of(system) is not { } view) return new OrderOutcome(OrderResult.NotFound, ClusterView.NoCluster);
        var cluster = Cluster.Get(system);
        var nodes = view.Members.Select(member => member.Node).ToList();
        var address = Parse(text, cluster.SelfAddress);
        if (address is null || !nodes.Contains(address.ToString()))
            return new OrderOutcome(OrderResult.NotFound, $"address is '{text}'; expected one of {string.Join(", ", nodes)}.");
        change(cluster, address);
        return new OrderOutcome(OrderResult.Accepted, $"{address} will {what}.");
    }

    /// <summary>Reads a full address, or <c>host:port</c> of this cluster.</summary>
    /// <returns>Null if it is neither.</returns>
    private static Address? Parse(string text, Address self)
    {
        var full = text.Contains("://", StringComparison.Ordinal) ? text : $"{self.Protocol}://{self.System}@{text}";
        return Address.TryParse(full, out var address) && address.HasGlobalScope ? address : null;
    }
}
