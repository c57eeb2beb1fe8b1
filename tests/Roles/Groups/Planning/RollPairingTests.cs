using ActorInference.Actors.Ids;
using ActorInference.Actors.Kv;
using ActorInference.Actors.Protocols;
using ActorInference.Roles.Groups.Planning;
using ActorInference.Roles.Router;
using ActorInference.Roles.Tests.Groups.Testing;
using Akka.TestKit.Xunit2;

namespace ActorInference.Roles.Tests.Groups.Planning;

/// <summary>A group goes to a version whose pages are other ones, while its router gives out work.</summary>
public sealed class RollPairingTests : TestKit
{
    private const string Rule = "- { name: pd, roles: [prefill, decode], strategy: { rollingUpdate: { maxSkew: 25%, maxUnavailable: 1 } } }";

    private static readonly KvTransferFormat Old = KvTransferFormat.Of(new KvPageLayout(Layers: 2, PageSizeTokens: 16, KvHeads: 4, HeadDim: 8, KvDtype.F32));
    private static readonly KvTransferFormat New = Old with { Layout = Old.Layout with { PageSizeTokens = 64, Dtype = KvDtype.F16 } };

    private readonly Dictionary<(InstanceKey Key, string Revision), Akka.Actor.IActorRef> _actors = [];

    [Fact]
    public void Only_workers_whose_pages_are_alike_are_paired_at_every_step_and_there_is_always_such_a_pair()
    {
        for (var seed = 0; seed < 20; seed++)
        {
            try
            {
                Run(new Random(seed));
            }
            catch (Exception failed)
            {
                throw new InvalidOperationException($"Seed {seed}: {failed.Message}", failed);
            }
        }
    }

    [Fact]
    public void A_cache_never_has_the_pages_of_one_version_under_the_keys_of_the_other()
    {
        var tokens = Enumerable.Range(0, 64).ToArray();
        KvPageKey First(KvTransferFormat format, string weights)
        {
            var space = new KvNamespace("tiny", weights, format.Layout.Dtype).ComputeId();
            return KvPageKey.Of(space, default, tokens.AsSpan(0, format.Layout.PageSizeTokens));
        }

        KvPageKey[] keys = [First(Old, "v1"), First(Old, "v2"), First(New, "v1"), First(Old with { Layout = Old.Layout with { PageSizeTokens = 64 } }, "v1")];

        Assert.Equal(keys.Length, keys.Distinct().Count());
    }

    private void Run(Random random)
    {
        var simulation = new GroupSimulation(Specs.Group(Roles("v1")), Specs.Policy(Rule), random);
        simulation.Settle();
        var formats = new Dictionary<string, KvTransferFormat> { [simulation.Update("prefill")] = Old, [simulation.Update("decode")] = Old };
        simulation.Desired = Specs.Group(Roles("v2"));
        foreach (var role in (string[])["prefill", "decode"]) formats[simulation.Update(role)] = New;
        var table = new WorkerTable(TimeSpan.FromHours(1), new PrefixRoutingOptions());
        var present = new Dictionary<InstanceKey, Akka.Actor.IActorRef>();
        var (versions, requests) = (new HashSet<KvTransferFormat>(), 0);
        for (var steps = 0; ; steps++)
        {
            Assert.True(steps < 400, "The roll does not end.");
            Report(simulation, table, present, formats, random);
            for (var request = 0; request < 8; request++)
            {
                var assigned = table.TryAssign(new RouterProtocol.Assign(new AttemptId(new RequestId($"r{requests++}"), 0), 10, [], []), TimeSpan.Zero);
                Assert.True(assigned is not null, $"No pair: {table.Mismatch(TimeSpan.Zero)} {simulation.Describe(simulation.Plan())}");
                var (prefill, decode) = (FormatOf(assigned.Prefill.Worker), FormatOf(assigned.Decode.Worker));
                Assert.Equal(prefill, decode);
                versions.Add(prefill);
            }

            var plan = simulation.Plan();
            if (plan.Done) break;
            simulation.Do(plan.Actions.Take(random.Next(plan.Actions.Length + 1)));
            simulation.Pass(TimeSpan.FromSeconds(2), done: 0.5);
        }

        Assert.Equal(2, versions.Count);

        KvTransferFormat FormatOf(WorkerId worker) => formats[simulation.Instances.Single(instance => instance.Key.ToString() == worker.Value).Revision];
    }

    /// <summary>What workers that are ready say; another revision of one is another process.</summary>
    private void Report(GroupSimulation simulation, WorkerTable table, Dictionary<InstanceKey, Akka.Actor.IActorRef> present, Dictionary<string, KvTransferFormat> formats, Random random)
    {
        foreach (var instance in simulation.Instances)
        {
            var actor = ActorOf(instance);
            if (present.TryGetValue(instance.Key, out var before) && (!instance.Ready || !before.Equals(actor)))
            {
                table.Remove(before);
                present.Remove(instance.Key);
            }

            if (!instance.Ready) continue;
            present[instance.Key] = actor;
            var role = instance.Role == "prefill" ? WorkerRole.Prefill : WorkerRole.Decode;
            table.Apply(new RouterProtocol.WorkerReport(new WorkerId(instance.Key.ToString()), role, actor, random.Next(5), random.Next(1000), formats[instance.Revision]) { Protocol = 1 }, TimeSpan.Zero);
        }
    }

    private Akka.Actor.IActorRef ActorOf(ObservedInstance instance) =>
        _actors.TryGetValue((instance.Key, instance.Revision), out var actor) ? actor : _actors[(instance.Key, instance.Revision)] = CreateTestProbe().Ref;

    private static string Roles(string version) => Specs.Role("prefill", 4, version) + Specs.Role("decode", 4, version);
}
