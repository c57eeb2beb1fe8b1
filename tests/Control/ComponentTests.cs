using ActorInference.Roles.Agents;
using ActorInference.Roles.Groups.Control;
using ActorInference.Roles.Groups.Planning;
using ActorInference.Roles.Groups.Spec;

namespace ActorInference.Control.Tests;

/// <summary>RBG's annotations about the components of an instance: what begins and ends after what, and who is where.</summary>
public sealed class ComponentTests
{
    private const string Leader = """{"allocations":[{"name":"rpc","env":"RPC","scope":"RoleScoped"},{"name":"own","env":"OWN"}]}""";
    private const string Own = """{"allocations":[{"name":"own","env":"OWN"}]}""";
    private const string Discovery = """{"addressRefs":[{"env":"SECOND","component":"worker","index":1}],"portRefs":[{"env":"LEADER_RPC","component":"leader","portName":"rpc"}]}""";

    private static readonly string[] Names = ["demo-engine-0-router-0", "demo-engine-0-worker-0", "demo-engine-0-worker-1", "demo-engine-0-leader-0"];

    [Fact]
    public async Task Components_begin_when_those_before_them_are_ready_and_end_before_those()
    {
        var hosts = new SimulatedHosts();
        await using var node = await ControlNode.StartAsync(hosts, interval: 0.1);
        await node.ApplyAsync("demo", Declared());
        await node.UntilAsync("demo", status => status.Instances is [{ IsReady: true }], "all of it is ready");

        await node.CommandAsync(new GroupProtocol.Delete("demo", DateTimeOffset.UtcNow));
        await node.UntilAsync("demo", status => status.Instances.IsEmpty && hosts.Instances.Count == 0, "nothing is left");

        var first = Names.ToDictionary(name => name, name => hosts.Asked.Select((asked, at) => (asked, at)).First(each => each.asked == $"run {name}").at);
        var last = Names.ToDictionary(name => name, name => hosts.Asked.Select((asked, at) => (asked, at)).First(each => each.asked == $"remove {name}").at);
        Assert.Equal(Names[3], first.MinBy(each => each.Value).Key);
        Assert.Equal(Names[0], first.MaxBy(each => each.Value).Key);
        Assert.Equal(Names[0], last.MinBy(each => each.Value).Key);
        Assert.Equal(Names[3], last.MaxBy(each => each.Value).Key);
    }

    [Fact]
    public async Task What_is_not_ready_holds_those_that_begin_after_it_and_the_instance_says_so()
    {
        var hosts = new SimulatedHosts { IsWell = launch => !launch.Instance.Contains("worker-1", StringComparison.Ordinal) };
        await using var node = await ControlNode.StartAsync(hosts, interval: 0.1);
        await node.ApplyAsync("demo", Declared());

        await node.UntilAsync("demo", status => status.Instances is [{ Message: "demo-engine-0-router-0 begins after demo-engine-0-worker-0, demo-engine-0-worker-1" }] && hosts.Starts.Count == 3, "the router waits");
        Assert.DoesNotContain(hosts.Starts, start => start.Instance == Names[0]);
    }

    [Fact]
    public void Components_know_where_the_others_are()
    {
        var group = SpecReader.ReadGroup(Declared());
        Place[] places = [new Place("a", "10.0.0.1", "akka://x"), new Place("b", "10.0.0.2", "akka://x"), new Place("c", "10.0.0.3", "akka://x"), new Place("d", "10.0.0.4", "akka://x")];
        var managed = new ManagedInstance(new InstanceKey("engine", 0), "r", [.. places], DateTimeOffset.UnixEpoch, InPlace: true, TimeSpan.Zero, IsDeleting: false);

        var router = OrderFactory.Create("demo", group.Roles[0], managed).Members[0].Launch;

        Assert.Equal(("10.0.0.3", $"{PortAllocations.NumberOf("demo", new PortReference("engine", "leader", "rpc"))}"), (Value(router, "SECOND"), Value(router, "LEADER_RPC")));
    }

    [Fact]
    public async Task A_port_that_an_agent_chooses_is_told_to_those_that_begin_when_it_is_known()
    {
        // The leader is never ready: nobody waits for that, only for its port.
        var hosts = new SimulatedHosts { IsWell = launch => !launch.Instance.Contains("leader", StringComparison.Ordinal) };
        await using var node = await ControlNode.StartAsync(hosts, interval: 0.1);
        await node.ApplyAsync("demo", Meeting());

        await node.UntilAsync("demo", _ => hosts.Instances.Count == 3, "all of it runs");

        var port = hosts.Instances.Single(each => each.Instance == "demo-engine-0-leader-0").Ports.Single(lease => lease.Name == "own").Port;
        Assert.All(hosts.Launches.Where(launch => launch.Instance.Contains("worker", StringComparison.Ordinal)), worker =>
        {
            Assert.Equal(($"{port}", $"{port}"), (Value(worker, "MEET"), Value(Assert.Single(worker.Init), "MEET")));
            Assert.EndsWith($"@{port}", worker.Revision);
        });
        Assert.Equal("demo-engine-0-leader-0", hosts.Starts[0].Instance);
    }

    [Fact]
    public async Task Those_that_were_told_of_a_port_are_replaced_when_it_is_another_one()
    {
        var hosts = new SimulatedHosts();
        await using var node = await ControlNode.StartAsync(hosts, interval: 0.1);
        await node.ApplyAsync("demo", Meeting());
        await node.UntilAsync("demo", status => status.Instances is [{ IsReady: true }], "all of it is ready");

        // An update leaves the ports as they are, and nobody is begun twice for it.
        await node.ApplyAsync("demo", Meeting("i:2"));
        await node.UntilAsync("demo", status => status.IsDone && status.Instances is [{ IsReady: true }] && hosts.Starts.Count == 6, "it is updated");
        hosts.Forget("demo-engine-0-leader-0");

        await node.UntilAsync("demo", status => status.Instances is [{ IsReady: true }] && hosts.Starts.Count == 9, "the leader is begun with another port, and its workers after it");
        var port = hosts.Instances.Single(each => each.Instance == "demo-engine-0-leader-0").Ports.Single().Port;
        Assert.All(hosts.Launches.Where(launch => launch.Instance.Contains("worker", StringComparison.Ordinal)), worker => Assert.Equal($"{port}", Value(worker, "MEET")));
    }

    [Fact]
    public void Components_that_wait_for_the_ports_of_each_other_s_pods_are_refused()
    {
        const string Refers = """{"portRefs":[{"env":"A","component":"worker","portName":"own"}]}""";
        foreach (var wrong in (string[])[TwoWays(leader: Refers), TwoWays(leader: Refers.Replace("worker", "leader", StringComparison.Ordinal))])
        {
            var error = Assert.Single(Assert.Throws<SpecException>(() => SpecReader.Read(wrong)).Errors);
            Assert.Equal("portRefs: components wait for each other's PodScoped ports, or for their own; expected RoleScoped ones, which are known before any begins", error.Message);
        }
    }

    [Theory]
    [InlineData(SpecNames.ComponentOrder, """{"startAfter":["wroker"]}""", "no component named \"wroker\"; did you mean \"worker\"?")]
    [InlineData(SpecNames.ComponentOrder, """{"startAfter":["router"]}""", "startAfter: components wait for each other's start")]
    [InlineData(SpecNames.ComponentOrder, """{"startAfter":["leader"],"deleteAfter":["leader"]}""", "deleteAfter: components wait for each other's end; what starts after another ends before it")]
    [InlineData(SpecNames.ComponentOrder, """{"startAfter":"leader"}""", "startAfter is no list")]
    [InlineData(SpecNames.ComponentOrder, """{"before":[]}""", "before is no field of it; expected startAfter and deleteAfter")]
    [InlineData(SpecNames.ComponentDiscovery, """{"addressRefs":[{"env":"A","component":"leader","index":1}]}""", "index is 1; component \"leader\" has 1")]
    [InlineData(SpecNames.ComponentDiscovery, """{"addressRefs":[{"env":"A","component":"leader","index":-1}]}""", "addressRefs[0].index is '-1'; expected a whole number of at least 0")]
    [InlineData(SpecNames.ComponentDiscovery, """{"portRefs":[{"env":"A","component":"leader","portName":"none"}]}""", "portName is 'none'; expected a port that component \"leader\" asks for in rolebasedgroup.workloads.x-k8s.io/port-allocator")]
    [InlineData(SpecNames.ComponentDiscovery, """{"portRefs":[{"env":"A","component":"leader"}]}""", "portRefs[0] needs the field portName, a text")]
    public void What_is_wrong_is_told_with_its_place(string annotation, string text, string message)
    {
        var error = Assert.Single(Assert.Throws<SpecException>(() => SpecReader.Read(Text($"{annotation}: '{text}'"))).Errors);

        Assert.Equal(message, error.Message);
        Assert.EndsWith($".annotations.'{annotation}'", error.Path);
    }

    private static string? Value(InstanceLaunch launch, string name) => launch.Environment.SingleOrDefault(variable => variable.Name == name)?.Value;

    /// <summary>Workers are told of the port that the leader's agent has chosen.</summary>
    private static string Meeting(string image = "i:1") => SpecWriter.Write(SpecReader.ReadGroup(TwoWays("", image)));

    private static string TwoWays(string leader, string image = "i:1") => $$"""
        apiVersion: workloads.x-k8s.io/v1alpha2
        kind: RoleBasedGroup
        metadata: {name: demo}
        spec:
          roles:
          - name: engine
            customComponentsPattern:
              components:
              - name: worker
                size: 2
                annotations:
                  {{SpecNames.PortAllocator}}: '{{Own}}'
                  {{SpecNames.ComponentDiscovery}}: '{"portRefs":[{"env":"MEET","component":"leader","portName":"own"}]}'
                template: {spec: {initContainers: [{name: first, image: "i:1"}], containers: [{name: c, image: "{{image}}"}]} }
              - name: leader
                size: 1
                annotations:
                  {{SpecNames.PortAllocator}}: '{{Own}}'
                  {{(leader.Length > 0 ? $"{SpecNames.ComponentDiscovery}: '{leader}'" : "none: ''")}}
                template: {spec: {containers: [{name: c, image: "{{image}}"}]} }
        """;

    private static string Declared() => SpecWriter.Write(SpecReader.ReadGroup(Text($$"""{{SpecNames.ComponentOrder}}: '{"startAfter":["leader"]}'""")));

    private static string Text(string ofWorkers) => $$"""
        apiVersion: workloads.x-k8s.io/v1alpha2
        kind: RoleBasedGroup
        metadata: {name: demo}
        spec:
          roles:
          - name: engine
            customComponentsPattern:
              components:
              - name: router
                size: 1
                annotations:
                  {{Router(ofWorkers)}}
                template: {spec: {containers: [{name: c, image: "i:1"}]} }
              - name: worker
                size: 2
                annotations:
                  {{ofWorkers}}
                template: {spec: {containers: [{name: c, image: "i:1"}]} }
              - name: leader
                size: 1
                annotations: {{{SpecNames.PortAllocator}}: '{{Leader}}'}
                template: {spec: {containers: [{name: c, image: "i:1"}]} }
        """;

    /// <summary>An error's place is that of the first annotation of its name.</summary>
    private static string Router(string ofWorkers) => ofWorkers.StartsWith(SpecNames.ComponentDiscovery, StringComparison.Ordinal)
        ? "none: ''"
        : $$"""
        {{SpecNames.ComponentOrder}}: '{"startAfter":["worker"]}'
                  {{SpecNames.ComponentDiscovery}}: '{{Discovery}}'
        """;
}
