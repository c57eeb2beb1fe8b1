using System.Collections.Immutable;
using Akka.Actor;
using Akka.Event;

namespace Akka.Cluster.Tools.PublishSubscribe;

/// <summary>Makes an actor of this node known by its path, for <see cref="Send"/> and <see cref="SendToAll"/>.</summary>
public sealed record Put(IActorRef Ref) : INoSerializationVerificationNeeded;

/// <summary>Takes back a <see cref="Put"/>.</summary>
public sealed record Remove(string Path) : INoSerializationVerificationNeeded;

/// <summary>An actor of this node wants what is published on a topic. Answered by <see cref="SubscribeAck"/>.</summary>
/// <param name="Group">One of a group gets each message; null for everyone.</param>
public sealed record Subscribe(string Topic, IActorRef Ref, string Group = null) : INoSerializationVerificationNeeded;

/// <summary>Takes back a <see cref="Subscribe"/>. Answered by <see cref="UnsubscribeAck"/>.</summary>
public sealed record Unsubscribe(string Topic, IActorRef Ref, string Group = null) : INoSerializationVerificationNeeded;

public sealed record SubscribeAck(Subscribe Subscribe) : IDeadLetterSuppression, INoSerializationVerificationNeeded;

public sealed record UnsubscribeAck(Unsubscribe Unsubscribe) : INoSerializationVerificationNeeded;

/// <summary>To all subscribers of a topic without group, or, if <paramref name="SendOneMessageToEachGroup"/>, to one of each group.</summary>
public sealed record Publish(string Topic, object Message, bool SendOneMessageToEachGroup = false) : IWrappedMessage, INoSerializationVerificationNeeded;

/// <summary>To one actor that was <see cref="Put"/> under a path.</summary>
/// <param name="LocalAffinity">Whether one of this node goes first.</param>
public sealed record Send(string Path, object Message, bool LocalAffinity = false) : IWrappedMessage, INoSerializationVerificationNeeded;

/// <summary>To all actors that were <see cref="Put"/> under a path.</summary>
/// <param name="ExcludeSelf">Not to one of this node.</param>
public sealed record SendToAll(string Path, object Message, bool ExcludeSelf = false) : IWrappedMessage, INoSerializationVerificationNeeded;

/// <summary>Which topics are there? Answered by <see cref="CurrentTopics"/>.</summary>
public sealed class GetTopics : INoSerializationVerificationNeeded
{
    private GetTopics()
    {
    }

    public static GetTopics Instance { get; } = new();
}

public sealed record CurrentTopics(IImmutableSet<string> Topics) : INoSerializationVerificationNeeded;

/// <summary>Of what mediators on different nodes say to one another.</summary>
internal interface IDistributedPubSubMessage;

/// <summary>What I know, as the version of each node's entries. Whoever knows more sends it.</summary>
internal sealed record Status(ImmutableDictionary<UniqueAddress, long> Versions, bool IsReply) : IDistributedPubSubMessage;

/// <summary>Entries that you may not know.</summary>
internal sealed record Delta(ImmutableList<Delta.Part> Parts) : IDistributedPubSubMessage
{
    /// <summary>What has changed at one node, the oldest change first.</summary>
    /// <param name="Since">The version that it adds to: to whoever has less it says nothing.</param>
    /// <param name="UpTo">The version that it leads to.</param>
    public sealed record Part(UniqueAddress Owner, long Since, long UpTo, ImmutableList<RegistryEntry> Entries);
}

/// <summary>For those of your node under that key.</summary>
/// <param name="ToOne">To one of them only.</param>
internal sealed record Relay(string Key, bool ToOne, object Message) : IDistributedPubSubMessage, IWrappedMessage;

/// <summary>Whether a node has somebody under a key.</summary>
/// <param name="Version">Of the node's entries, at this change.</param>
internal sealed record RegistryEntry(string Key, long Version, bool IsPresent);
