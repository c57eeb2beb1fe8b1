using ActorInference.Actors.Kv;

namespace ActorInference.Actors.Protocols;

/// <summary>Divides keys among cache shards. Their number is fixed for a cluster's life: another one would look elsewhere.</summary>
public static class CacheBuckets
{
    /// <summary>The bucket of a key, from 0. Keys are hashes already.</summary>
    public static int Of(KvPageKey key, int buckets) => (int)(((key.High >> 32) * (uint)buckets) >> 32);
}
