using ActorInference.Roles.Agents;
using ActorInference.Roles.Groups.Control;
using ActorInference.Roles.Groups.Objects;
using Akka.Actor;

namespace ActorInference.Control.Tests;

/// <summary>Journals that are long: what is written down whole now and then, and what becomes of the rest.</summary>
public sealed class SnapshotTests
{
    private const int Every = 4;

    private static DateTimeOffset Now => DateTimeOffset.UtcNow;

    [Fact]
    public async Task A_control_node_goes_on_from_its_snapshots_and_its_journals_do_not_grow()
    {
        using var journal = new JournalFile();
        var settings = $"actor-inference.groups.snapshot-every = {Every}";
        var hosts = new SimulatedHosts();
        await using (var first = await ControlNode.StartAsync(hosts, journal.Path, interval: 0.1, settings: settings))
        {
            for (var version = 1; version <= 8; version++) await first.ApplyAsync("demo", Specs.Pair("demo", $"v{version}"));
            await first.UntilDoneAsync("demo", 8);
            await first.UntilStableAsync("demo", 8);
            foreach (var id in new[] { "group-demo", "rollout-demo" }) await UntilTrimmedAsync(first, id);
            var before = hosts.Starts.Count;
            await first.ApplyAsync("demo", Specs.Pair("demo", "v9"));
            await first.UntilAsync("demo", _ => hosts.Starts.Count > before, "the rollout has begun");
        }

        await using var second = await ControlNode.StartAsync(hosts, journal.Path, interval: 0.1, settings: settings);
        var status = await second.UntilAsync("demo", each => each is { Generation: 9, IsDone: true }, "the rollout has ended");
        var state = await second.StateAsync("demo");

        Assert.Equal(4, status.Instances.Length);
        Assert.Equal(4, hosts.Instances.Count);
        Assert.Equal(hosts.Starts.Count, hosts.Starts.Distinct().Count());
        Assert.Equal(Enumerable.Range(1, 9), state.Revisions.Select(revision => (int)revision.Number));
        await second.CommandAsync(new GroupProtocol.Undo("demo", 2, Now));
        await second.UntilAsync("demo", each => each is { Generation: 10, IsDone: true }, "an old revision is back");
        Assert.Contains("engine:v2", (await second.StateAsync("demo")).Desired);
    }

    [Fact]
    public async Task Sets_adapters_warm_ups_and_the_fleet_go_on_from_their_snapshots_and_their_journals_do_not_grow()
    {
        using var journal = new JournalFile();
        var settings = $"actor-inference.groups.snapshot-every = {Every}";
        var hosts = new SimulatedHosts { WarmUp = (node, warm) => new AgentProtocol.Warmed(warm.Warmup, node, IsSuccess: false, "broken disk") };
        int starts;
        await using (var first = await ControlNode.StartAsync(hosts, journal.Path, interval: 0.1, settings: settings))
        {
            // The fleet's journal has the name that this group's would have.
            await first.ApplyAsync("fleet", Specs.Pair("fleet", "v1", prefill: 1, decode: 1));
            await first.DeclareAsync(ObjectKind.Adapter, "more", Adapter(replicas: 1));
            for (var size = 2; size <= 3 * Every; size++) await first.AskObjectAsync(new ObjectProtocol.Scale(ObjectKind.Adapter, "more", size, Now));
            for (var tries = 3 * Every; tries > 0; tries--) await first.DeclareAsync(ObjectKind.Warmup, "heat", Warmup(tries, isPaused: true));
            await first.DeclareAsync(ObjectKind.Warmup, "heat", Warmup(tries: 1, isPaused: false));
            for (var version = 1; version <= 3 * Every; version++) await first.DeclareAsync(ObjectKind.Set, "all", Set(version));
            for (var i = 0; i < 2 * Every; i++)
            {
                await first.DeclareAsync(ObjectKind.Adapter, $"other-{i}", Adapter(replicas: 1));
                await first.AskObjectAsync(new ObjectProtocol.Delete(ObjectKind.Adapter, $"other-{i}", Now));
            }

            await first.UntilAsync(ObjectKind.Warmup, "heat", state => state!.Phase == "Failed", "the warm-up has failed");
            await first.UntilAsync(ObjectKind.Set, "all", IsRolledOut, "the set is rolled out");
            await first.UntilDoneAsync("fleet", 1);
            await UntilListedAsync(first);
            foreach (var id in new[] { "adapter-more", "warmup-heat", "set-all", "group-fleet" }) await UntilTrimmedAsync(first, id);
            await first.AskObjectAsync(new ObjectProtocol.Scale(ObjectKind.Adapter, "more", 100, Now));
            starts = hosts.Starts.Count;
        }

        await using var second = await ControlNode.StartAsync(hosts, journal.Path, interval: 0.1, settings: settings);
        await UntilListedAsync(second);
        var warmup = await second.UntilAsync(ObjectKind.Warmup, "heat", state => state is not null, "the warm-up is known");
        var adapter = await second.UntilAsync(ObjectKind.Adapter, "more", state => state is not null, "the adapter is known");
        await second.UntilAsync(ObjectKind.Set, "all", IsRolledOut, "the set knows that it is rolled out");

        Assert.Equal(("Failed", 100), (warmup!.Phase, adapter!.Desired));
        Assert.Contains(warmup.Parts, part => part is { Name: "host-000", Status: "Failed" } && part.Message == "2 failures; the last: broken disk");
        Assert.Equal(starts, hosts.Starts.Count);
    }

    private static bool IsRolledOut(ObjectProtocol.State? state) => state is { Phase: "Ready" } && state.Yaml.Contains($"engine:v{3 * Every}", StringComparison.Ordinal);

    /// <summary>All that is there, and nothing that was.</summary>
    private static async Task UntilListedAsync(ControlNode node)
    {
        using var deadline = new CancellationTokenSource(ControlNode.Patience);
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        while (await ListAsync(node) is var list && list != "all-0 fleet, all, more, heat") await timer.WaitForNextTickAsync(deadline.Token);
    }

    private static async Task<string> ListAsync(ControlNode node)
    {
        var names = new List<string> { string.Join(' ', (await node.Regions.Fleet.Ask<FleetProtocol.Groups>(FleetProtocol.GetGroups.Instance, ControlNode.Patience)).Names) };
        foreach (var kind in Enum.GetValues<ObjectKind>()) names.Add(string.Join(' ', (await node.Regions.Fleet.Ask<FleetProtocol.Objects>(new FleetProtocol.GetObjects(kind), ControlNode.Patience)).Names));
        return string.Join(", ", names);
    }

    private static string Adapter(int replicas) => $$"""
        apiVersion: workloads.x-k8s.io/v1alpha2
        kind: RoleBasedGroupScalingAdapter
        metadata: {name: adapter}
        spec: {scaleTargetRef: {name: absent, role: decode}, replicas: {{replicas}}}
        """;

    private static string Warmup(int tries, bool isPaused) => $$"""
        apiVersion: workloads.x-k8s.io/v1alpha2
        kind: RoleBasedGroupWarmup
        metadata: {name: heat}
        spec:
          paused: {{(isPaused ? "true" : "false")}}
          policies: {backoffLimitPerNode: {{tries}}, maxFailedNodes: 0}
          targetNodes:
            nodeNames: [host-000]
            customizedAction: {containers: [{name: load, image: "engine:v1"}]}
        """;

    private static string Set(int version) => $$"""
        apiVersion: workloads.x-k8s.io/v1alpha2
        kind: RoleBasedGroupSet
        metadata: {name: all}
        spec:
          replicas: 1
          groupTemplate:
            spec:
              roles:
              - name: engine
                standalonePattern: {template: {spec: {containers: [{name: engine, image: "engine:v{{version}}"}] } } }
        """;

    /// <summary>The events before the snapshot before the last are given up; a few more may have come since.</summary>
    private static async Task UntilTrimmedAsync(ControlNode node, string persistenceId)
    {
        using var deadline = new CancellationTokenSource(ControlNode.Patience);
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        while (true)
        {
            var left = await node.ReadJournalAsync(persistenceId);
            if (left.Length > 0 && left[0] > 1 && left.Length <= 2 * Every) return;
            await timer.WaitForNextTickAsync(deadline.Token);
        }
    }
}
