using System.Collections.Immutable;
using ActorInference.Roles.Agents;
using ActorInference.Roles.Groups.Control;
using ActorInference.Roles.Groups.Planning;

namespace ActorInference.Control.Tests;

/// <summary>What becomes of instances whose host is gone for good, and of the host when it is not.</summary>
public sealed class HostLossTests
{
    private const string Soon = "actor-inference.groups.host-lost-after = 500ms";

    private static DateTimeOffset Now => DateTimeOffset.UtcNow;

    [Fact]
    public async Task Instances_of_a_lost_host_go_elsewhere_under_their_names_and_are_not_doubled_when_it_returns()
    {
        var hosts = new SimulatedHosts();
        await using var node = await ControlNode.StartAsync(hosts, agents: 1, interval: ControlNode.RemoteInterval, settings: Soon);
        await using var before = await node.JoinAsync("far", hosts);
        await node.UntilAgentsAsync(2);
        await node.ApplyAsync("demo", Specs.Pair("demo", "v1", prefill: 4, decode: 0));
        var first = await node.UntilDoneAsync("demo", 1);
        var far = first.Instances.Where(instance => instance.Node == "far").ToList();
        Assert.Equal(2, far.Count);

        await before.LoseAsync();
        Assert.Equal(far.Select(instance => instance.Name), (await node.StatusAsync("demo")).Instances.Where(instance => instance.Node == "far").Select(instance => instance.Name));
        await before.RemoveAsync();
        var moved = await node.UntilAsync("demo", status => status.Instances.All(instance => instance is { Node: "host-000", IsReady: true }), "all are where a host is left");

        Assert.Equal(first.Instances.Select(instance => (instance.Name, instance.Revision)), moved.Instances.Select(instance => (instance.Name, instance.Revision)));
        Assert.Equal(2, hosts.On("far").Count);   // Nobody could end them.
        await node.UntilAsync("demo", status => status.Instances.All(instance => hosts.Topologies["demo"].Contains($"http: {instance.Members[0].Ports[0].Port}", StringComparison.Ordinal)), "the discovery file has the new ports");
        foreach (var old in hosts.On("far")) Assert.DoesNotContain($"http: {old.Ports[0].Port}", hosts.Topologies["demo"]);
        await node.UntilNotedAsync("demo", note => note is { Reason: "Moved", IsWarning: true } && note.Subject == far[0].Name, "what was moved");

        await using var after = await node.JoinAsync("far", hosts);
        await node.UntilAsync("demo", _ => hosts.On("far").Count == 0, "what the host still ran is ended");
        Assert.Equal(4, hosts.Instances.Count);
        Assert.All((await node.StatusAsync("demo")).Instances, instance => Assert.Equal(("host-000", true), (instance.Node, instance.IsReady)));
    }

    [Fact]
    public async Task An_instance_that_must_stay_waits_for_its_host_and_one_that_ends_does_not()
    {
        const string Stay = "annotations: {rbg.workloads.x-k8s.io/role-inplace-scheduling: Required}";
        var hosts = new SimulatedHosts();
        await using var node = await ControlNode.StartAsync(hosts, agents: 1, interval: ControlNode.RemoteInterval, settings: Soon);
        await using var far = await node.JoinAsync("far", hosts);
        await node.UntilAgentsAsync(2);
        await node.ApplyAsync("demo", Specs.Pair("demo", "v1", prefill: 2, decode: 0, Stay));
        var placed = await node.UntilDoneAsync("demo", 1);
        Assert.Contains(placed.Instances, instance => instance.Node == "far");

        await far.LoseAsync();
        await far.RemoveAsync();
        await node.UntilAsync("demo", status => status.Instances.Any(instance => instance is { Node: "far", IsReady: false, Message: "its host far is lost" }), "the lost one is not ready, and says why");
        await node.CommandAsync(new GroupProtocol.Delete("demo", Now));
        await node.UntilAsync("demo", status => status.Instances.IsEmpty, "the group is gone though its host is");

        Assert.Equal(["far"], hosts.Instances.Select(instance => instance.Node).Distinct());
        await using var back = await node.JoinAsync("far", hosts);
        await node.UntilAsync("demo", _ => hosts.Instances.Count == 0, "what the host still ran is ended");
    }

    [Fact]
    public void A_host_is_lost_only_when_its_agent_is_silent_and_its_member_is_gone_for_long_enough()
    {
        var watch = new HostWatch(TimeSpan.FromSeconds(10));
        var (place, start) = (new Place("far", "10.0.0.2", "akka://a@10.0.0.2:1/user/agent"), DateTimeOffset.UnixEpoch);
        IReadOnlyList<string> Look(bool present, bool member, int second) => watch.Look([place], present ? [Agent("far", "10.0.0.2")] : [], _ => member, start.AddSeconds(second));

        Assert.Empty(Look(present: false, member: true, 0));
        Assert.Empty(Look(present: false, member: false, 20));
        Assert.Empty(Look(present: true, member: false, 29));
        Assert.Empty(Look(present: false, member: false, 31));
        Assert.Empty(Look(present: false, member: false, 40));
        Assert.Equal(["far"], Look(present: false, member: false, 41));
        Assert.Empty(Look(present: false, member: false, 42));
        Assert.Equal(["far"], watch.Lost);
        Assert.Empty(Look(present: true, member: true, 43));
        Assert.Empty(watch.Lost);
    }

    [Theory]
    [InlineData("10.0.0.1:1 10.0.0.2:2", "near,far", "10.0.0.1:1")]
    [InlineData("10.0.0.2:1 10.0.0.2:2", "near,far", "10.0.0.2:1")]
    [InlineData("10.0.0.2:1", "far", "")]
    public void Seeds_of_a_lost_host_do_not_let_a_moved_instance_begin_a_second_cluster(string seeds, string nodes, string left)
    {
        var declared = new RolloutEvents.Declared(1, Specs.Pair("demo", "v1"), Specs.Pair("demo", "v1"), "", IsPaused: false, IsDeleting: false);
        var declaration = Declaration.Read(declared);
        var revision = ActorInference.Roles.Groups.Spec.SpecRevision.Of(declaration.Desired.Roles[0]);
        var state = RolloutState.Empty.Apply(declared) with { Seeds = [.. seeds.Split(' ')] };
        foreach (var (node, ordinal) in nodes.Split(',').Select((node, ordinal) => (node, ordinal)))
        {
            var place = new Place(node, node == "near" ? "10.0.0.1" : "10.0.0.2", $"akka://a/user/{node}");
            state = state.Apply(new RolloutEvents.InstanceCreated("prefill", ordinal, revision, [place], DateTimeOffset.UnixEpoch));
        }

        var loss = new HostLoss("demo", declaration, state, [Agent("near", "10.0.0.1"), Agent("third", "10.0.0.3")], ["far"], DateTimeOffset.UnixEpoch);
        loss.Plan();
        foreach (var @event in loss.Events) state = state.Apply(@event);

        Assert.Equal(left, string.Join(' ', state.Seeds));
        Assert.DoesNotContain(state.Instances.Values, instance => instance.Places[0].Node == "far");
        Assert.Contains(new InstanceKey("prefill", nodes == "far" ? 0 : 1), loss.Moved);
    }

    [Fact]
    public void Of_an_instance_with_several_hosts_only_the_lost_part_goes_elsewhere_and_all_begin_again()
    {
        var state = RoleInstanceState.Empty.Apply(new RoleInstanceEvents.OrderTaken(Order("near", "far"), DateTimeOffset.UnixEpoch)).Apply(new RoleInstanceEvents.OrderDone());

        var moved = state.Apply(new RoleInstanceEvents.OrderMoved(Order("near", "third"), DateTimeOffset.UnixEpoch));

        Assert.Equal([("near", "r1#1"), ("third", "r1#1")], moved.Wanted().Select(member => (member.Node, member.Launch.Revision)));
        Assert.Empty(moved.Unwanted());
        Assert.False(moved.IsDone);
        var alone = RoleInstanceState.Empty.Apply(new RoleInstanceEvents.OrderTaken(Order("far"), DateTimeOffset.UnixEpoch)).Apply(new RoleInstanceEvents.OrderMoved(Order("near"), DateTimeOffset.UnixEpoch));
        Assert.Equal([("near", "r1")], alone.Wanted().Select(member => (member.Node, member.Launch.Revision)));
    }

    private static InstanceOrder Order(params string[] nodes) => new("demo", "engine", 0, "r1", [.. nodes.Select((node, index) =>
        new MemberOrder(new InstanceLaunch { Instance = $"demo-engine-0-{index}", Revision = "r1", Image = "engine:v1" }, node, $"akka://a/user/{node}"))]);

    private static FleetProtocol.AgentIsThere Agent(string node, string address) => new(
        node, address, $"akka://a/user/{node}", new HostTopology([new NumaNode(0, [0, 1], 1L << 34)], [], [], ImmutableSortedDictionary<string, string>.Empty), TimeSpan.FromSeconds(1));
}
