using ActorInference.Roles.Groups.Control;
using Akka.Actor;

namespace ActorInference.Control.Tests;

/// <summary>What happens to a group between its first day and its last.</summary>
public sealed class LifecycleTests
{
    private static DateTimeOffset Now => DateTimeOffset.UtcNow;

    [Fact]
    public async Task An_update_dumps_upgrades_and_loads_each_instance()
    {
        const string Hooks = "rolloutStrategy: {rollingUpdate: {beforeUpdate: {exec: {command: [dump]}}, afterUpdate: {exec: {command: [load]}}}}";
        var hosts = new SimulatedHosts();
        await using var node = await ControlNode.StartAsync(hosts);
        await node.ApplyAsync("demo", Specs.Pair("demo", "v1", prefill: 2, decode: 0, Hooks));
        await node.UntilDoneAsync("demo", 1);
        var before = hosts.Asked.Count;

        await node.ApplyAsync("demo", Specs.Pair("demo", "v2", prefill: 2, decode: 0, Hooks));
        await node.UntilDoneAsync("demo", 2);

        Assert.Equal(
            ["dump demo-prefill-1", "run demo-prefill-1", "load demo-prefill-1", "dump demo-prefill-0", "run demo-prefill-0", "load demo-prefill-0"],
            hosts.Asked.Skip(before));
    }

    [Fact]
    public async Task A_group_ends_in_the_reverse_order_of_its_dependencies()
    {
        var hosts = new SimulatedHosts();
        await using var node = await ControlNode.StartAsync(hosts);
        await node.ApplyAsync("demo", Specs.Pair("demo", "v1"));
        await node.UntilDoneAsync("demo", 1);

        await node.CommandAsync(new GroupProtocol.Delete("demo", Now));
        await node.UntilAsync("demo", status => status.Instances.IsEmpty && hosts.Instances.Count == 0, "nothing is left");

        Assert.Equal(["decode", "decode", "prefill", "prefill"], hosts.Asked.Where(asked => asked.StartsWith("remove ", StringComparison.Ordinal)).Select(asked => asked.Split('-')[1]));
    }

    [Fact]
    public async Task A_rollout_that_stalls_says_which_instance_and_why_and_goes_back_at_its_deadline()
    {
        var hosts = new SimulatedHosts { IsWell = launch => launch.Image != "engine:v2" };
        await using var node = await ControlNode.StartAsync(hosts);
        await node.ApplyAsync("demo", Specs.Pair("demo", "v1"));
        var stable = await node.UntilDoneAsync("demo", 1);
        await node.UntilStableAsync("demo", 1);

        await node.ApplyAsync("demo", Specs.Pair("demo", "v2", extra: "rolloutStrategy: {progressDeadlineSeconds: 5}"));
        var stalled = await node.UntilAsync("demo", status => status.Holds.Any(hold => hold.Contains("Readiness probe failed", StringComparison.Ordinal)), "it says why it stands");
        var back = await node.UntilAsync("demo", status => status.Generation >= 3 && status.IsDone, "the stable revision is back");

        Assert.Contains(stalled.Holds, hold => hold.Contains("prefill-1", StringComparison.Ordinal));
        Assert.Equal(stable.Instances.Select(instance => (instance.Name, instance.Revision)), back.Instances.Select(instance => (instance.Name, instance.Revision)));
        var state = await node.StateAsync("demo");
        Assert.StartsWith("roll-back: ", state.Revisions[^1].Cause);
        Assert.Contains("prefill-1 is not ready: Readiness probe failed", state.Revisions[^1].Cause);
        Assert.DoesNotContain(hosts.Asked, asked => asked.StartsWith("remove ", StringComparison.Ordinal));   // Also the way back is in place.
    }

    [Fact]
    public async Task A_restart_begins_every_instance_of_a_role_again_and_is_a_revision()
    {
        var hosts = new SimulatedHosts();
        await using var node = await ControlNode.StartAsync(hosts);
        await node.ApplyAsync("demo", Specs.Pair("demo", "v1"));
        await node.UntilDoneAsync("demo", 1);
        var before = hosts.Starts.Count;

        await node.CommandAsync(new GroupProtocol.Restart("demo", "decode", Now));
        await node.UntilDoneAsync("demo", 2);

        Assert.Equal(["demo-decode-1", "demo-decode-0"], hosts.Starts.Skip(before).Select(start => start.Instance));
        Assert.Equal("restart", (await node.StateAsync("demo")).Revisions[^1].Cause);
    }

    [Fact]
    public async Task Ten_revisions_are_kept_and_any_of_them_comes_back()
    {
        var hosts = new SimulatedHosts();
        await using var node = await ControlNode.StartAsync(hosts);
        for (var version = 1; version <= 13; version++) await node.ApplyAsync("demo", Specs.Pair("demo", $"v{version}", prefill: 1, decode: 0));

        var revisions = (await node.StateAsync("demo")).Revisions;
        await node.CommandAsync(new GroupProtocol.Undo("demo", 5, Now));
        await node.UntilDoneAsync("demo", 14);

        Assert.Equal(Enumerable.Range(4, 10), revisions.Select(revision => (int)revision.Number));
        Assert.Contains("engine:v5", (await node.StateAsync("demo")).Desired);
        var gone = await node.Regions.Groups.Ask<object>(new GroupProtocol.Undo("demo", 2, Now), ControlNode.Patience);
        Assert.Contains("expected one of", Assert.IsType<GroupProtocol.Rejected>(gone).Message);
    }
}
