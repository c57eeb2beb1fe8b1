using System.Collections.Immutable;
using ActorInference.Roles.Configuration;

namespace ActorInference.Roles.Composition;

/// <summary>
/// Every kind of entity of the product. What is added here is there in <c>up</c>, in <c>up --processes</c> and in every
/// <c>node</c>: as a region where the node has the kind's role, as a proxy elsewhere.
/// </summary>
public static class ShardedEntities
{
    /// <param name="settings">Of the node that they are started on.</param>
    public static ImmutableArray<ShardedEntity> Of(InferenceSettings settings)
    {
        ArgumentNullException.ThrowIfNull(settings);
        return [CacheNode.Shards(settings.Cache)];
    }
}
