using ActorInference.Roles.Groups.Control;
using Akka.Actor;

namespace ActorInference.Control.Tests;

public sealed class GroupTests
{
    private static DateTimeOffset Now => DateTimeOffset.UtcNow;

    [Fact]
    public async Task A_group_comes_up_in_the_order_of_its_dependencies()
    {
        var hosts = new SimulatedHosts();
        await using var node = await ControlNode.StartAsync(hosts);

        var applied = await node.ApplyAsync("demo", Specs.Pair("demo", "v1"));
        var status = await node.UntilDoneAsync("demo", 1);

        Assert.Equal(("created", 1), (applied.Outcome, applied.Revision));
        Assert.Equal(["demo-prefill-0", "demo-prefill-1", "demo-decode-0", "demo-decode-1"], status.Instances.Select(instance => instance.Name));
        Assert.All(hosts.Starts.Take(2), start => Assert.Contains("prefill", start.Instance));
        Assert.All(hosts.Starts.Skip(2), start => Assert.Contains("decode", start.Instance));
    }

    [Fact]
    public async Task A_new_version_is_rolled_out_in_place_with_names_hosts_and_ports_kept()
    {
        var hosts = new SimulatedHosts();
        await using var node = await ControlNode.StartAsync(hosts);
        await node.ApplyAsync("demo", Specs.Pair("demo", "v1"));
        var before = await node.UntilDoneAsync("demo", 1);

        await node.ApplyAsync("demo", Specs.Pair("demo", "v2"));
        var after = await node.UntilDoneAsync("demo", 2);

        Assert.Equal(before.Instances.Select(instance => (instance.Name, instance.Node)), after.Instances.Select(instance => (instance.Name, instance.Node)));
        Assert.Equal(before.Instances.SelectMany(instance => instance.Members[0].Ports), after.Instances.SelectMany(instance => instance.Members[0].Ports));
        Assert.All(after.Instances, instance => Assert.Equal(1, instance.Members[0].Restarts));
    }

    [Fact]
    public async Task The_same_again_is_unchanged_and_another_size_is_no_revision()
    {
        var hosts = new SimulatedHosts();
        await using var node = await ControlNode.StartAsync(hosts);
        await node.ApplyAsync("demo", Specs.Pair("demo", "v1"));
        await node.UntilDoneAsync("demo", 1);
        var state = await node.StateAsync("demo");

        var again = await node.ApplyAsync("demo", state.Desired);
        await node.CommandAsync(new GroupProtocol.Scale("demo", "decode", 4, Now));
        var status = await node.UntilDoneAsync("demo", 2);

        Assert.Equal("unchanged", again.Outcome);
        Assert.Equal(4, status.Instances.Count(instance => instance.Role == "decode"));
        Assert.Single((await node.StateAsync("demo")).Revisions);
    }

    [Fact]
    public async Task Undo_goes_back_and_keeps_the_present_size()
    {
        var hosts = new SimulatedHosts();
        await using var node = await ControlNode.StartAsync(hosts);
        await node.ApplyAsync("demo", Specs.Pair("demo", "v1"));
        await node.UntilDoneAsync("demo", 1);
        await node.ApplyAsync("demo", Specs.Pair("demo", "v2", prefill: 3));
        await node.UntilDoneAsync("demo", 2);

        var undone = await node.CommandAsync(new GroupProtocol.Undo("demo", 0, Now));
        var status = await node.UntilDoneAsync("demo", 3);

        Assert.Equal(3, undone.Revision);
        Assert.Equal(3, status.Instances.Count(instance => instance.Role == "prefill"));
        Assert.Contains("engine:v1", (await node.StateAsync("demo")).Desired);
        Assert.Equal([2, 3], (await node.StateAsync("demo")).Revisions.Select(revision => revision.Number));
    }

    [Fact]
    public async Task A_paused_rollout_stands_until_it_is_resumed()
    {
        var hosts = new SimulatedHosts();
        await using var node = await ControlNode.StartAsync(hosts);
        await node.ApplyAsync("demo", Specs.Pair("demo", "v1"));
        await node.UntilDoneAsync("demo", 1);
        await node.CommandAsync(new GroupProtocol.SetPaused("demo", IsPaused: true, Now));
        var starts = hosts.Starts.Count;

        await node.ApplyAsync("demo", Specs.Pair("demo", "v2"));
        await node.UntilAsync("demo", status => status.Generation == 3, "the coordinator knows of it");
        var paused = hosts.Starts.Count;
        await node.CommandAsync(new GroupProtocol.SetPaused("demo", IsPaused: false, Now));
        await node.UntilDoneAsync("demo", 4);

        Assert.Equal(starts, paused);
        Assert.Equal(starts + 4, hosts.Starts.Count);
    }

    [Fact]
    public async Task A_deleted_group_is_gone_and_can_be_made_again()
    {
        var hosts = new SimulatedHosts();
        await using var node = await ControlNode.StartAsync(hosts);
        await node.ApplyAsync("demo", Specs.Pair("demo", "v1"));
        await node.UntilDoneAsync("demo", 1);

        await node.CommandAsync(new GroupProtocol.Delete("demo", Now));
        await node.UntilAsync("demo", status => status.Instances.IsEmpty && hosts.Instances.Count == 0, "nothing is left");
        await UntilRejectedAsync(node);
        await node.ApplyAsync("demo", Specs.Pair("demo", "v1"));
        await node.UntilAsync("demo", status => status.IsDone && status.Instances.Length == 4, "it is there again");
    }

    [Fact]
    public async Task A_control_node_that_is_killed_again_and_again_finishes_what_was_begun()
    {
        using var journal = new JournalFile();
        var hosts = new SimulatedHosts();
        await using (var first = await ControlNode.StartAsync(hosts, journal.Path))
        {
            await first.ApplyAsync("demo", Specs.Pair("demo", "v1"));
            await first.UntilDoneAsync("demo", 1);
            await first.ApplyAsync("demo", Specs.Pair("demo", "v2"));
            await first.UntilAsync("demo", _ => hosts.Starts.Count > 4, "the rollout has begun");
        }

        await using (var second = await ControlNode.StartAsync(hosts, journal.Path))
        {
            await second.UntilAsync("demo", _ => hosts.Starts.Count > 5, "it goes on");
        }

        await using var last = await ControlNode.StartAsync(hosts, journal.Path);
        var status = await last.UntilDoneAsync("demo", 2);

        Assert.Equal(8, hosts.Starts.Distinct().Count());
        Assert.Equal(8, hosts.Starts.Count);
        Assert.All(status.Instances, instance => Assert.Equal(1, instance.Members[0].Restarts));
    }

    private static async Task UntilRejectedAsync(ControlNode node)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        using var deadline = new CancellationTokenSource(ControlNode.Patience);
        while (await node.Regions.Groups.Ask<object>(new GroupProtocol.GetState("demo"), ControlNode.Patience) is not GroupProtocol.Rejected) await timer.WaitForNextTickAsync(deadline.Token);
    }
}
