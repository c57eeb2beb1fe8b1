using System.Collections.Concurrent;
using System.Collections.Immutable;
using ActorInference.Roles.Agents;
using ActorInference.Roles.Groups.Objects;

namespace ActorInference.Control.Tests;

public sealed class WarmupTests
{
    [Fact]
    public async Task A_warm_up_does_the_actions_of_all_roles_of_a_host_at_once_and_repeats_failures()
    {
        var hosts = new SimulatedHosts();
        var told = new ConcurrentQueue<(string Node, AgentProtocol.Warm Warm)>();
        hosts.WarmUp = (node, warm) =>
        {
            var isFirst = told.All(each => each.Node != node);
            told.Enqueue((node, warm));
            return new AgentProtocol.Warmed(warm.Warmup, node, !isFirst, isFirst ? "no space" : "");
        };
        await using var node = await ControlNode.StartAsync(hosts, agents: 2);
        await node.UntilAgentsAsync(2);
        await node.DeclareAsync(ObjectKind.Warmup, "heat", Warmup("""
            policies: {parallelism: 1, backoffLimitPerNode: 1, maxFailedNodes: 0}
              targetRoleBasedGroup:
                name: demo
                roles:
                  prefill: {imagePreload: {images: ["engine:v2"]}}
                  decode: {imagePreload: {images: ["engine:v2", "model:v1"]}}
            """));
        await node.UntilAsync(ObjectKind.Warmup, "heat", state => state!.Message == "waits for the group demo", "it waits for its group");

        await node.ApplyAsync("demo", Specs.Pair("demo", "v1"));
        var state = await node.UntilAsync(ObjectKind.Warmup, "heat", each => each!.Phase is "Completed" or "Failed", "it is over");

        Assert.Equal(("Completed", 2), (state!.Phase, state.Ready));
        Assert.Equal(4, told.Count);
        Assert.Contains(state.Notes, note => note is { Reason: "HostFailed", IsWarning: true } && note.Message.Contains("no space", StringComparison.Ordinal));
        Assert.Contains(told, each => each.Warm.Images.SequenceEqual(["engine:v2", "model:v1"]));
    }

    [Fact]
    public async Task A_host_that_fails_too_often_fails_the_warm_up_and_survives_the_control_node()
    {
        using var journal = new JournalFile();
        var hosts = new SimulatedHosts { WarmUp = (node, warm) => new AgentProtocol.Warmed(warm.Warmup, node, node == "host-000", "broken disk") };
        await using (var first = await ControlNode.StartAsync(hosts, journal.Path))
        {
            await first.DeclareAsync(ObjectKind.Warmup, "heat", Warmup("""
                policies: {backoffLimitPerNode: 1, maxFailedNodes: 0}
                  targetNodes:
                    nodeNames: [host-000, host-001]
                    customizedAction: {containers: [{name: load, image: "engine:v1", args: [--load]}]}
                """));
            await first.UntilAsync(ObjectKind.Warmup, "heat", state => state!.Phase == "Failed", "it has failed");
        }

        await using var second = await ControlNode.StartAsync(hosts, journal.Path);
        var state = await second.UntilAsync(ObjectKind.Warmup, "heat", each => each is not null, "it is known");

        Assert.Equal("Failed", state!.Phase);
        Assert.Contains("1 hosts failed", state.Message);
        Assert.Contains(state.Parts, part => part is { Name: "host-001", Status: "Failed" } && part.Message.Contains("broken disk", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_paused_warm_up_begins_nothing_and_goes_on_when_it_is_resumed()
    {
        var hosts = new SimulatedHosts();
        var launches = ImmutableArray<InstanceLaunch>.Empty;
        hosts.WarmUp = (node, warm) =>
        {
            launches = warm.Actions;
            return new AgentProtocol.Warmed(warm.Warmup, node, IsSuccess: true, "");
        };
        await using var node = await ControlNode.StartAsync(hosts);
        const string Target = """
              targetNodes:
                nodeNames: [host-000]
                customizedAction: {containers: [{name: load, image: "engine:v1", args: [--load]}]}
            """;
        await node.DeclareAsync(ObjectKind.Warmup, "heat", Warmup("paused: true\n" + Target));
        await node.UntilAsync(ObjectKind.Warmup, "heat", state => state is { Phase: "Paused", Desired: 1 }, "it knows its host, and stands");
        Assert.Empty(launches);

        await node.DeclareAsync(ObjectKind.Warmup, "heat", Warmup("paused: false\n" + Target));
        await node.UntilAsync(ObjectKind.Warmup, "heat", state => state!.Phase == "Completed", "it is over");

        var launch = Assert.Single(launches);
        Assert.Equal(("engine:v1", "--load"), (launch.Image, launch.Args[0]));
    }

    private static string Warmup(string spec) => "apiVersion: workloads.x-k8s.io/v1alpha2\nkind: RoleBasedGroupWarmup\nmetadata: {name: heat}\nspec:\n  " + spec;
}
