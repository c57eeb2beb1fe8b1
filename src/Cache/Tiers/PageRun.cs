using System.Collections.Immutable;
using ActorInference.Actors.Kv;

namespace ActorInference.Cache.Tiers;

/// <summary>Successive pages of one sequence. A tier that runs short gives up the later ones first.</summary>
/// <param name="Space">Namespace that the keys were made in.</param>
/// <param name="FirstIndex">Which page of its sequence the first one is, from 0.</param>
/// <param name="Previous">Key of the page before it; default where there is none.</param>
/// <param name="Keys">Each follows the one before it.</param>
public sealed record PageRun(KvNamespaceId Space, int FirstIndex, KvPageKey Previous, ImmutableArray<KvPageKey> Keys)
{
    public int Count => Keys.Length;

    /// <summary>A part of it.</summary>
    /// <param name="first">Place of its first page here.</param>
    public PageRun Slice(int first, int count) => new(Space, FirstIndex + first, first == 0 ? Previous : Keys[first - 1], Keys.Slice(first, count));
}
