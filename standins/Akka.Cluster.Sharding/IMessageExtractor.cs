using Akka.Actor;
using Akka.Util;

namespace Akka.Cluster.Sharding;

/// <summary>Of a message: the entity that it is for, and what that one is to be told; none if it is for no entity.</summary>
public delegate Option<(string, object)> ExtractEntityId(object message);

/// <summary>The shard of the entity that a message is for.</summary>
public delegate string ExtractShardId(object message);

/// <summary>Says of every message which entity it is for, and of every entity which shard it is in. The same on all nodes.</summary>
public interface IMessageExtractor
{
    /// <summary>Null if the message is for no entity.</summary>
    string EntityId(object message);

    /// <summary>What the entity is to be told.</summary>
    object EntityMessage(object message);

    [Obsolete("Use ShardId(string, object) instead.")]
    string ShardId(object message);

    /// <param name="messageHint">The message, if there is one.</param>
    string ShardId(string entityId, object messageHint = null);
}

/// <summary>Shards by a hash of the entity's id.</summary>
public abstract class HashCodeMessageExtractor : IMessageExtractor
{
    /// <param name="maxNumberOfShards">The same on all nodes and for the life of the cluster.</param>
    protected HashCodeMessageExtractor(int maxNumberOfShards)
    {
        if (maxNumberOfShards < 1)
            throw new ArgumentOutOfRangeException(nameof(maxNumberOfShards), maxNumberOfShards, "There must be at least one shard.");
        MaxNumberOfShards = maxNumberOfShards;
    }

    public int MaxNumberOfShards { get; }

    /// <summary>An extractor of functions.</summary>
    /// <param name="messageExtractor">Null if the entity is told the message as it is.</param>
    public static HashCodeMessageExtractor Create(
        int maxNumberOfShards, Func<object, string> entityIdExtractor, Func<object, object> messageExtractor = null) =>
        new Functions(maxNumberOfShards, entityIdExtractor, messageExtractor);

    public abstract string EntityId(object message);

    public virtual object EntityMessage(object message) => message;

    [Obsolete("Use ShardId(string, object) instead.")]
    public virtual string ShardId(object message) => EntityId(message) is { } entityId ? ShardId(entityId, message) : null;

    public virtual string ShardId(string entityId, object messageHint = null) =>
        Math.Abs(MurmurHash.StringHash(entityId) % MaxNumberOfShards).ToString();

    private sealed class Functions(int maxNumberOfShards, Func<object, string> entityId, Func<object, object> message)
        : HashCodeMessageExtractor(maxNumberOfShards)
    {
        public override string EntityId(object message) => entityId(message);

        public override object EntityMessage(object original) => message is null ? original : message(original);
    }
}

/// <summary>A message with the entity that it is for. Every extractor's entities can be told things in it.</summary>
public sealed class ShardingEnvelope(string entityId, object message) : IClusterShardingSerializable, IWrappedMessage
{
    public string EntityId { get; } = entityId;

    public object Message { get; } = message;

    public override string ToString() => $"ShardingEnvelope({EntityId}, {Message})";
}

/// <summary>Puts what is common to all extractors before the program's: envelopes, and the order to start an entity.</summary>
internal sealed class ExtractorAdapter(IMessageExtractor inner) : IMessageExtractor
{
    public string EntityId(object message) => message switch
    {
        ShardingEnvelope envelope => envelope.EntityId,
        ShardRegion.StartEntity start => start.EntityId,
        _ => inner.EntityId(message),
    };

    public object EntityMessage(object message) => message switch
    {
        ShardingEnvelope envelope => envelope.Message,
        ShardRegion.StartEntity => message,
        _ => inner.EntityMessage(message),
    };

    public string ShardId(object message) => EntityId(message) is { } entityId ? ShardId(entityId, message) : null;

    public string ShardId(string entityId, object messageHint = null) => inner.ShardId(entityId, messageHint);
}

/// <summary>An extractor of the two delegates.</summary>
internal sealed class DelegateExtractor(ExtractEntityId extractEntityId, ExtractShardId extractShardId) : IMessageExtractor
{
    public string EntityId(object message) => extractEntityId(message) is { HasValue: true } extracted ? extracted.Value.Item1 : null;

    public object EntityMessage(object message) => extractEntityId(message).Value.Item2;

    public string ShardId(object message) => extractShardId(message);

    /// <summary>The delegate knows messages only, so an entity without one is asked for as if to be started.</summary>
    public string ShardId(string entityId, object messageHint = null) => extractShardId(messageHint ?? new ShardRegion.StartEntity(entityId));
}
