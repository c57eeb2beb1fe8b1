using System.Collections.Immutable;
using ActorInference.Actors.Generation;
using ActorInference.Actors.Ids;
using ActorInference.Actors.Kv;
using ActorInference.Actors.Protocols;
using Akka.Actor;

namespace ActorInference.Actors.Tests.Serialization;

/// <summary>The messages of which Fixtures/messages-1.txt holds the bytes. Fields that were added later keep their defaults here.</summary>
internal static class GoldenMessages
{
    private static readonly AttemptId Attempt = new(new RequestId("0123456789abcdef00112233445566aa"), 3);

    private static readonly AttemptId Named = new(new RequestId("chat-7"), 0);

    private static readonly KvPageLayout Layout = new(Layers: 28, PageSizeTokens: 64, KvHeads: 8, HeadDim: 128, KvDtype.BF16);

    private static readonly SamplingOptions Sampling = new()
    {
        MaxNewTokens = 256,
        MinNewTokens = 2,
        Temperature = 0.75f,
        TopK = 40,
        TopP = 0.5f,
        MinP = 0.125f,
        RepetitionPenalty = 1.25f,
        PresencePenalty = -0.5f,
        FrequencyPenalty = 0.25f,
        Seed = 0xFEDCBA9876543210,
        StopTokenIds = [151_643, 7],
        IgnoreEos = true,
        LogitBias = ImmutableDictionary<int, float>.Empty.Add(11, -100f).Add(300, 1.5f),
        TopLogprobs = 0,
    };

    /// <param name="actor">Whom every reference names.</param>
    public static IEnumerable<object> All(IActorRef actor) =>
    [
        new PrefillProtocol.Start(Attempt, [1, 2, 151_000], [9, 300], Sampling, actor, actor),
        new DecodeProtocol.Reserve(Named, [5], [], new SamplingOptions { Temperature = 0f, Seed = 1 }, actor),
        new WorkerProtocol.Cancel(Attempt),
        WorkerProtocol.GetStatus.Instance,
        new WorkerProtocol.Status(new WorkerId("decode-1"), WorkerRole.Decode, true, 12, 3, actor),
        new GenerationProtocol.Granted(Attempt, actor),
        new GenerationProtocol.Progressed(Named),
        new GenerationProtocol.TokenChosen(Attempt, 0, 42, null, null, null),
        new GenerationProtocol.TokenChosen(
            Attempt, 17, 151_645, new TokenLogprob(-0.5f, [new TokenAlternative(151_645, -0.5f), new TokenAlternative(13, -2f)]), 1_024, new(FinishReason.Stop, 151_645)),
        new GenerationProtocol.Completed(Attempt, 18, new(FinishReason.Length, null)),
        new GenerationProtocol.Completed(Named, 0, new(FinishReason.Aborted, null)),
        new GenerationProtocol.Refused(Attempt, new WorkerId("prefill-0"), "It has 256 jobs."),
        new GenerationProtocol.Rejected(Attempt, "Too long: größer als 4096."),
        new GenerationProtocol.Lost(Attempt, new WorkerId("decode-1"), "It began again."),
        new GenerationProtocol.Failed(Attempt, "Not a number."),
        new RouterProtocol.WorkerReport(new WorkerId("prefill-0"), WorkerRole.Prefill, actor, 2, 5_000_000_000),
        new RouterProtocol.Assign(Attempt, 4_096, [new WorkerId("decode-1"), new WorkerId("decode-2")], [new WorkerId("prefill-0")]),
        new RouterProtocol.Assigned(Attempt, new(new WorkerId("prefill-0"), actor), new(new WorkerId("decode-1"), actor)),
        new RouterProtocol.Overloaded(Attempt, "256 generations are under way."),
        new RouterProtocol.Release(Attempt),
        RouterProtocol.AwaitServing.Instance,
        RouterProtocol.Serving.Instance,
        RouterProtocol.GetWorkers.Instance,
        new RouterProtocol.Workers([new(new WorkerId("decode-1"), WorkerRole.Decode, actor, 1, 0)], 4),
        new KvTransferProtocol.KvPages(
            Attempt,
            77,
            new KvPoolId(new Guid("00112233-4455-6677-8899-aabbccddeeff")),
            4,
            [new(12, 3), new(13, 1)],
            271,
            new(new KvPageSource(Layout, 4_096, "/dev/shm/pool", "10.0.0.7", 7_071) { Protocol = 1 }, [0xDEADBEEF, 1])),
        new KvTransferProtocol.KvPages(Attempt, 78, new KvPoolId(new Guid("00112233-4455-6677-8899-aabbccddeeff")), 0, [], null),
        new KvTransferProtocol.PagesLanded(77),
        new KvTransferProtocol.PagesRefused(-1),
        new RouterProtocol.WorkerReport(new WorkerId("decode-0"), WorkerRole.Decode, actor, 0, 0, new KvTransferFormat(2, Layout)),
        new KvTransferProtocol.KvPages(
            Attempt,
            79,
            new KvPoolId(new Guid("00112233-4455-6677-8899-aabbccddeeff")),
            0,
            [new(1, 0)],
            null,
            new(new KvPageSource(Layout, 8, null, "10.0.0.7", 7_071) { Protocol = 3 }, [7])),
        WorkerProtocol.FlushCache.Instance,
        WorkerProtocol.CacheFlushed.Instance,
        .. CacheGoldenMessages.All(actor),
        new PrefillProtocol.Deliver(Attempt, actor, 12),
        new DecodeProtocol.Generate(Named, [5, 6], [7], new SamplingOptions { Temperature = 0f }, actor) { CacheSalt = "tenant-1", Priority = -3 },
        new WorkerProtocol.SetRole(WorkerRole.Both),
        new WorkerProtocol.RoleSet(new WorkerId("decode-1"), WorkerRole.Prefill, WorkerRole.Both),
        new WorkerProtocol.Drain(TimeSpan.FromSeconds(30)),
        new WorkerProtocol.Drained(new WorkerId("decode-1"), 2),
        WorkerProtocol.Resume.Instance,
        new WorkerProtocol.Resumed(new WorkerId("decode-1")),
        new WorkerProtocol.SetStorage(true),
        new WorkerProtocol.StorageSet(new WorkerId("prefill-0"), true, true),
        new RouterProtocol.WorkerReport(new WorkerId("decode-1"), WorkerRole.Decode, actor, 0, 0) { Prefixes = new(0x0102030405060708, 300, 16) },
        new RouterProtocol.GetPrefixes(0x0102030405060708, 12, 40),
        new RouterProtocol.Prefixes(new WorkerId("decode-1"), 0x0102030405060708, 12, 13, 300, true, [1, ulong.MaxValue], [2]),
        new DecodeProtocol.Generate(Named, [5], [], new SamplingOptions { Temperature = 0f, Constraint = new OutputConstraint(OutputConstraintKind.Regex, "a+") }, actor),
    ];
}
