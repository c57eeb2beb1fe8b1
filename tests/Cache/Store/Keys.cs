using System.Collections.Immutable;
using ActorInference.Actors.Ids;
using ActorInference.Actors.Kv;
using ActorInference.Actors.Protocols;
using Akka.Actor;
using static ActorInference.Actors.Protocols.CacheShardProtocol;

namespace ActorInference.Cache.Tests.Store;

/// <summary>Short names for what the tests of the store talk about.</summary>
internal static class Keys
{
    public const string Tenant = "acme";

    public static readonly Guid Writer = new("00000000-0000-0000-0000-000000000001");
    public static readonly Guid OtherWriter = new("00000000-0000-0000-0000-000000000002");

    public static readonly PutPolicy Plain = new(1, PinAction.Preserve, 0, false, "", ImmutableArray<StoreId>.Empty);

    /// <summary>A key that is spread over the buckets as hashes are.</summary>
    public static KvPageKey Key(int number) => new((ulong)(uint)number * 0x9E3779B97F4A7C15 | 1, (ulong)number + 1);

    public static NewPage Page(int number, int bytes = 1024) => new(Key(number), default, 0, bytes);

    /// <summary>Pages of one sequence, each continuing the one before it.</summary>
    public static NewPage[] Chain(int first, int count, int bytes = 1024) =>
        [.. Enumerable.Range(0, count).Select(i => new NewPage(Key(first + i), i == 0 ? default : Key(first + i - 1), i, bytes))];

    public static StoreId Store(int number) => new($"store-{number}");

    public static ImmutableArray<KvPageKey> Of(params int[] numbers) => [.. numbers.Select(Key)];

    public static CacheStoreProtocol.StoreReport Report(
        int store, long capacity = 1 << 20, long used = 0, Guid? epoch = null, string? host = null, bool isDraining = false, long refused = 0) =>
        new(Store(store), epoch ?? Epoch(store), ActorRefs.Nobody, host ?? $"host-{store}", capacity, used, null, isDraining, refused, []);

    public static Guid Epoch(int store, int life = 0) => new(store + 1, (short)life, 0, 0, 0, 0, 0, 0, 0, 0, 0);
}
