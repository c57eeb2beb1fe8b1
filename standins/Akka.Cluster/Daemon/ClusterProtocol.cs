using System.Collections.Immutable;
using Akka.Actor;
using Akka.Remote;
using Akka.Util;

namespace Akka.Cluster;

/// <summary>Of what nodes say to one another; written by <see cref="Serialization.ClusterMessageSerializer"/>.</summary>
internal interface IClusterMessage;

/// <summary>What the nodes say to one another, and what a node says to its own daemon.</summary>
internal static class ClusterProtocol
{
    /// <summary>The daemon is known to the rest of its node: it may start its parts.</summary>
    public sealed record Begin
    {
        public static readonly Begin Instance = new();
    }

    /// <summary>Let me in.</summary>
    public sealed record Join(UniqueAddress Node, ImmutableHashSet<string> Roles, AppVersion AppVersion) : IClusterMessage;

    /// <summary>You are in, and this is how things are.</summary>
    public sealed record Welcome(UniqueAddress From, Gossip Gossip) : IClusterMessage;

    /// <summary>Are you in a cluster that I could join?</summary>
    public sealed record InitJoin : IClusterMessage
    {
        public static readonly InitJoin Instance = new();
    }

    public sealed record InitJoinAck(Address From) : IClusterMessage;

    public sealed record InitJoinNack(Address From) : IClusterMessage;

    /// <summary>I need the cluster no longer.</summary>
    public sealed record ExitingConfirmed(UniqueAddress Node) : IClusterMessage;

    public sealed record GossipEnvelope(UniqueAddress From, UniqueAddress To, Gossip Gossip) : IClusterMessage;

    /// <summary>What I have; whoever has more, or sees that it has less, answers.</summary>
    public sealed record GossipStatus(UniqueAddress From, VectorClock Version, uint SeenDigest) : IClusterMessage;

    /// <summary>Are you there?</summary>
    public sealed record Heartbeat(Address From, long Sequence) : IClusterMessage, IPriorityMessage;

    public sealed record HeartbeatRsp(UniqueAddress From, long Sequence) : IClusterMessage, IPriorityMessage;

    public sealed record JoinTo(Address Address) : INoSerializationVerificationNeeded;

    public sealed record JoinSeedNodes(ImmutableList<Address> SeedNodes) : INoSerializationVerificationNeeded;

    public sealed record Leave(Address Address) : INoSerializationVerificationNeeded;

    public sealed record Down(Address Address) : INoSerializationVerificationNeeded;

    /// <summary>The tasks of this node that come before its exit have ended. Answered by <see cref="Done"/>.</summary>
    public sealed record ExitingCompleted : INoSerializationVerificationNeeded
    {
        public static readonly ExitingCompleted Instance = new();
    }

    public sealed record AddOnMemberUp(Action Callback) : INoSerializationVerificationNeeded;

    public sealed record AddOnMemberRemoved(Action Callback) : INoSerializationVerificationNeeded;

    public sealed record Subscribe(IActorRef Subscriber, ClusterEvent.SubscriptionInitialStateMode Mode, ImmutableHashSet<Type> To)
        : INoSerializationVerificationNeeded;

    /// <param name="To">Null for all.</param>
    public sealed record Unsubscribe(IActorRef Subscriber, Type To) : INoSerializationVerificationNeeded;

    public sealed record SendCurrentClusterState(IActorRef Receiver) : INoSerializationVerificationNeeded;

    public sealed record PublishChanges(MembershipState State) : INoSerializationVerificationNeeded;
}
