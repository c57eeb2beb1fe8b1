using ActorInference.Actors.Ids;
using ActorInference.Actors.Kv;
using ActorInference.Actors.Protocols;
using Akka.Actor;
using static ActorInference.Actors.Protocols.CacheShardEvents;
using static ActorInference.Actors.Protocols.CacheShardProtocol;

namespace ActorInference.Actors.Tests.Serialization;

/// <summary>The cache's part of <see cref="GoldenMessages"/>: its messages, and what its shards have journaled.</summary>
internal static class CacheGoldenMessages
{
    private static readonly Guid Id = new("00112233-4455-6677-8899-aabbccddeeff");

    private static readonly KvPageKey First = new(0x0123456789abcdef, 0xfedcba9876543210);

    private static readonly KvPageKey Second = new(2, 3);

    private static readonly NewPage Page = new(Second, First, 5, 262_144);

    private static readonly StoreId Store = new("store-0@10.0.0.7:4053");

    private static readonly Replica Copy = new(Store, Id, 12, 3, 5_000_000_000);

    private static readonly PutPolicy Policy = new(2, PinAction.Enable, 60_000, true, "chat-7", [Store]);

    /// <param name="actor">Whom every reference names.</param>
    public static IEnumerable<object> All(IActorRef actor) => [.. ToShards(), .. Journaled(), .. WithStores(actor)];

    private static IEnumerable<object> ToShards() =>
    [
        new PutStart(3, "acme", Id, "host-1", Policy, [Page, Page with { Previous = default, Depth = 0 }]),
        new PutStarted([new(CacheOutcome.Done, [Store]), new(CacheOutcome.AlreadyExists, [])]),
        new PutEnd(3, "acme", Id, [new EndedPage(Second, 0xDEADBEEF, [Copy]), new EndedPage(First, 1, [])]),
        new PutRevoke(3, "acme", Id, [First]),
        new Outcomes([CacheOutcome.Done, CacheOutcome.NotFound, CacheOutcome.Unavailable]),
        new Query(3, "acme", true, [First, Second]),
        new Found(10_000, [new(CacheOutcome.Done, 262_144, 7, [Copy, Replica.OnDisk(Store)]), new(CacheOutcome.NotReady, 0, 0, [])]),
        new Exists(15, "acme", [First]),
        new Remove(0, "acme", true, [Second]),
        new RemoveMatching(0, "acme", false, "^00"),
        new Counted(77),
        new Pin(1, "acme", PinAction.Disable, 0, [First]),
        new Copy(1, "acme", Store, new StoreId("store-1"), [First]),
        new Broken(1, "acme", First, Copy),
        new SetQuota(1, "acme", 1L << 40),
        new SetQuota(1, "acme", null),
        new List(1, "acme", First, 100),
        new Listed([new(First, 5, 262_144, 2, 1, true, false)]),
        new GetShardStatus(4),
        new ShardStatus(4, 1_000, 1L << 30, 2, 3, 4, 5, 6, 7, 8),
        new Adopt(4, Store, [new("acme", Page, 7, Copy, true)]),
        new DiskChanged(4, Store, true, [new("acme", First)]),
        new Pulled(4, [new(new("acme", First), Store, Copy), new(new("acme", Second), Store, null)]),
    ];

    private static IEnumerable<object> Journaled() =>
    [
        new PagesStored("acme", "chat-7", true, 1_700_000_000_000, false, [new(Page, 7, 2, [Copy, Replica.OnDisk(Store)])]),
        new PagesRemoved("acme", RemovalCause.Evicted, [First, Second]),
        new ReplicasAdded("acme", [new(First, Copy)]),
        new ReplicasRemoved("acme", RemovalCause.Lost, [new(First, Copy)]),
        new StoreLost(Store, Id, true),
        new PagesPinned("acme", 1_700_000_000_000, [First]),
        new QuotaSet("acme", 4_096),
        new QuotaSet("acme", null),
        new ShardSnapshot([new QuotaSet("acme", 4_096)], [new PagesStored("acme", "", false, 0, false, [new(Page, 7, 1, [Copy])])]),
    ];

    private static IEnumerable<object> WithStores(IActorRef actor)
    {
        var source = new KvPageSource(new KvPageLayout(28, 64, 8, 128, KvDtype.BF16), 4_096, "/dev/shm/pool", "10.0.0.7", 7_071);
        return
        [
            new CacheStoreProtocol.StoreReport(Store, Id, actor, "host-1", 1L << 36, 1L << 35, "/dev/shm/store", true, 9, [new(new KvPoolId(Id), source)]),
            new CacheStoreProtocol.StoreReport(Store, Id, actor, "host-1", 1L << 36, 0, null, false, 0, []),
            new CacheStoreProtocol.StoreLeft(Store, Id, true),
            new CacheStoreProtocol.Put("acme", new KvPoolId(Id), source, [new(Page, new KvPageReference(4, 2), 0xDEADBEEF)]),
            new CacheStoreProtocol.Put("acme", new KvPoolId(Id), null, []),
            new CacheStoreProtocol.PutDone([Copy, null]),
            new CacheStoreProtocol.Keep(Id, [new(1, 2)]),
            new CacheStoreProtocol.Free(Id, [new(1, 2), new(3, 4)]),
            new CacheStoreProtocol.FreeDisk([new("acme", First)]),
            new CacheStoreProtocol.Tell(4),
            new CacheStoreProtocol.Pull(4, [new("acme", Page, 7, Copy)]),
            new CacheStoreProtocol.Load([new("acme", First)]),
            new CacheStoreProtocol.Govern(CacheStoreProtocol.StoreAction.Drain),
            new CacheStoreProtocol.Governed(CacheStoreProtocol.StoreAction.Verify, 1_000, 2, "Broken pages are forgotten."),
            CacheStoreProtocol.GetStoreStatus.Instance,
            new CacheStoreProtocol.StoreStatus(Store, 1, 2, 3, 4, "/var/lib/store", 5, 6, 7, 8, 9, 10, 11, ["The disk is nearly full."]),
        ];
    }
}
