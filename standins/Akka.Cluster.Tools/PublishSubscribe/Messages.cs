using System.Collections.Immutable;
using Akka.Actor;
using Akka.Event;

namespace Akka.Cluster.Tools.PublishSubscribe;

/// <summary>Makes an actor of this node known by its path, for <see cref="Send"/> and <see cref="SendToAll"/>.</summary>
public sealed class Put(IActorRef @ref) : INoSerializationVerificationNeeded
{
    public IActorRef Ref { get; } = @ref;
}

/// <summary>Takes back a <see cref="Put"/>.</summary>
public sealed class Remove(string path) : INoSerializationVerificationNeeded
{
    public string Path { get; } = path;
}

/// <summary>An actor of this node wants what is published on a topic. Answered by <see cref="SubscribeAck"/>.</summary>
/// <param name="group">One of a group gets each message; null for everyone.</param>
public sealed class Subscribe(string topic, IActorRef @ref, string group = null) : INoSerializationVerificationNeeded
{
    public string Topic { get; } = topic;

    public IActorRef Ref { get; } = @ref;

    public string Group { get; } = group;
}

/// <summary>Takes back a <see cref="Subscribe"/>. Answered by <see cref="UnsubscribeAck"/>.</summary>
public sealed class Unsubscribe(string topic, IActorRef @ref, string group = null) : INoSerializationVerificationNeeded
{
    public string Topic { get; } = topic;

    public IActorRef Ref { get; } = @ref;

    public string Group { get; } = group;
}

public sealed class SubscribeAck(Subscribe subscribe) : IDeadLetterSuppression, INoSerializationVerificationNeeded
{
    public Subscribe Subscribe { get; } = subscribe;
}

public sealed class UnsubscribeAck(Unsubscribe unsubscribe) : INoSerializationVerificationNeeded
{
    public Unsubscribe Unsubscribe { get; } = unsubscribe;
}

/// <summary>To all subscribers of a topic without group, or, if <paramref name="sendOneMessageToEachGroup"/>, to one of each group.</summary>
public sealed class Publish(string topic, object message, bool sendOneMessageToEachGroup = false) : IWrappedMessage, INoSerializationVerificationNeeded
{
    public string Topic { get; } = topic;

    public object Message { get; } = message;

    public bool SendOneMessageToEachGroup { get; } = sendOneMessageToEachGroup;
}

/// <summary>To one actor that was <see cref="Put"/> under a path.</summary>
/// <param name="localAffinity">Whether one of this node goes first.</param>
public sealed class Send(string path, object message, bool localAffinity = false) : IWrappedMessage, INoSerializationVerificationNeeded
{
    public string Path { get; } = path;

    public object Message { get; } = message;

    public bool LocalAffinity { get; } = localAffinity;
}

/// <summary>To all actors that were <see cref="Put"/> under a path.</summary>
/// <param name="excludeSelf">Not to one of this node.</param>
public sealed class SendToAll(string path, object message, bool excludeSelf = false) : IWrappedMessage, INoSerializationVerificationNeeded
{
    public string Path { get; } = path;

    public object Message { get; } = message;

    public bool ExcludeSelf { get; } = excludeSelf;
}

/// <summary>Which topics are there? Answered by <see cref="CurrentTopics"/>.</summary>
public sealed class GetTopics : INoSerializationVerificationNeeded
{
    private GetTopics()
    {
    }

    public static GetTopics Instance { get; } = new();
}

public sealed class CurrentTopics(IImmutableSet<string> topics) : INoSerializationVerificationNeeded
{
    public IImmutableSet<string> Topics { get; } = topics;
}

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
