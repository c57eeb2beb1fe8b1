using System.Collections.Immutable;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using ActorInference.Roles.Agents;
using ActorInference.Roles.Groups.Control;
using ActorInference.Roles.Groups.Planning;
using ActorInference.Roles.Groups.Spec;

namespace ActorInference.Control.Tests;

/// <summary>RBG's annotation that asks for ports.</summary>
public sealed class PortAllocatorTests
{
    private const string Own = """{"allocations":[{"name":"nccl","env":"NCCL_PORT","annotationKey":"demo/nccl","scope":"RoleScoped"},{"name":"side-band","env":"SIDE_PORT"}]}""";
    private const string Other = """{"references":[{"env":"LEADER_NCCL","from":"engine.leader.nccl"}]}""";

    [Fact]
    public void A_port_of_a_process_is_leased_and_one_of_a_role_is_the_same_for_all_and_known_to_others()
    {
        var group = SpecReader.ReadGroup(Text(Own, Other));
        var number = PortAllocations.NumberOf("demo", new PortReference("engine", "leader", "nccl"));
        var text = number.ToString(CultureInfo.InvariantCulture);

        var leaders = Enumerable.Range(0, 2).Select(ordinal => Launch(group, "engine", ordinal, member: 0)).ToList();
        var worker = Launch(group, "engine", 0, member: 1);
        var client = Launch(group, "client", 0, member: 0);

        Assert.InRange(number, PortAllocations.FirstPort, PortAllocations.FirstPort + PortAllocations.PortCount - 1);
        Assert.All(leaders, leader =>
        {
            Assert.Equal([new PortRequest("http", 0), new PortRequest("nccl", number) { IsFixed = true }, new PortRequest("side-band", 0)], leader.Ports.AsEnumerable());
            Assert.Equal((text, "$(RBG_PORT_SIDE_BAND)", text), (Value(leader, "NCCL_PORT"), Value(leader, "SIDE_PORT"), Value(leader, "BY_ANNOTATION")));
        });
        Assert.Equal((text, text), (Value(worker, "LEADER_NCCL"), Value(client, "LEADER_NCCL")));
        Assert.Empty(worker.Ports);
        Assert.Equal(SpecRevision.Of(group), SpecRevision.Of(SpecReader.ReadGroup(SpecWriter.Write(group))));
    }

    [Fact]
    public void All_containers_of_a_pod_know_the_ports_of_the_first()
    {
        var group = SpecReader.ReadGroup(Text(Own, Other).Replace("}]}]}\n", "}]}, {name: side, image: \"i:1\", ports: [{name: http, containerPort: 0}]}]}\n", StringComparison.Ordinal));

        var (first, beside) = (Launch(group, "engine", 0, member: 0), Launch(group, "engine", 0, member: 1));

        Assert.Equal("demo-engine-0-leader-0.side", beside.Instance);
        Assert.Equal([new PortRequest("http", 0)], beside.Ports.AsEnumerable());
        Assert.Equal(first.Ports.AsEnumerable(), beside.PodPorts.AsEnumerable());
        Assert.Empty(first.PodPorts);
        Assert.Equal(Value(first, "NCCL_PORT"), Value(beside, "NCCL_PORT"));
        Assert.Equal("$(RBG_PORT_SIDE_BAND)", Value(beside, "SIDE_PORT"));
    }

    [Fact]
    public async Task Instances_that_share_a_port_go_to_a_host_each_and_one_without_a_host_says_why()
    {
        await using var node = await ControlNode.StartAsync(new SimulatedHosts(), agents: 2, interval: 0.1);
        await node.UntilAgentsAsync(2);
        var number = PortAllocations.NumberOf("demo", new PortReference("engine", "leader", "nccl"));

        await node.ApplyAsync("demo", SpecWriter.Write(SpecReader.ReadGroup(Text(Own, Other).Replace("replicas: 2", "replicas: 3", StringComparison.Ordinal))));

        var status = await node.UntilAsync("demo", status => status.Instances.Count(instance => instance is { Role: "engine", IsReady: true }) == 2, "two of three are there");
        Assert.Equal(2, status.Instances.Where(instance => instance.Role == "engine").Select(instance => instance.Node).Distinct().Count());
        await node.UntilNotedAsync(
            "demo",
            note => note is { Reason: "FailedScheduling", IsWarning: true, Subject: "demo-engine-2" } && note.Message == $"2 of 2 hosts: another instance has port nccl, which is {number} for all of the role",
            "why the third has no place");
    }

    [Theory]
    [InlineData("""{"allocations":[{"name":"nccl"}]}""", "allocations[0] needs the field env, a text")]
    [InlineData("""{"allocations":[{"name":"Nccl","env":"A"}]}""", "allocations[0].name is 'Nccl'; expected lower-case letters, digits and dashes")]
    [InlineData("""{"allocations":[{"name":"a","env":"A","scope":"Host"}]}""", "allocations[0].scope is 'Host'; expected PodScoped or RoleScoped")]
    [InlineData("""{"allocations":[{"name":"a","env":"A","port":1}]}""", "allocations[0].port: no such field")]
    [InlineData("""{"allocations":[{"name":"a","env":"A"},{"name":"a","env":"B"}]}""", "allocations: two are named \"a\"")]
    [InlineData("""{"references":[{"env":"A","from":"engine"}]}""", "references[0].from is 'engine'; expected role.component.port")]
    [InlineData("""{"references":[{"env":"A","from":"engine.leader.side"}]}""", "references: engine.leader.side is no RoleScoped port of the group; it has none")]
    [InlineData("nothing", "is no JSON: ")]
    [InlineData("[]", "is no JSON object; expected allocations and references")]
    public void What_is_wrong_is_told_with_its_place(string annotation, string message)
    {
        var error = Assert.Single(Assert.Throws<SpecException>(() => SpecReader.Read(Text(annotation, "{}"))).Errors);

        Assert.StartsWith(message, error.Message);
        Assert.Equal($"spec.roles[0].customComponentsPattern.components[0].annotations.'{SpecNames.PortAllocator}'", error.Path);
    }

    [Fact]
    public void A_port_that_has_to_be_one_number_is_that_or_refused_with_the_name_of_its_holder()
    {
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        var free = ((IPEndPoint)probe.LocalEndpoint).Port;
        var leases = new PortLeases(IPAddress.Loopback, 20000, 1000);
        ImmutableArray<PortRequest> wanted = [new PortRequest("nccl", free) { IsFixed = true }];

        var taken = Assert.Throws<IOException>(() => leases.Take("a-0", wanted));
        leases.Restore("a-0", [new PortLease("nccl", free, free)]);
        var shared = Assert.Throws<IOException>(() => leases.Take("a-1", wanted));

        Assert.Equal($"port nccl is to be {free}, which is taken on 127.0.0.1", taken.Message);
        Assert.Equal($"port nccl is to be {free}, which a-0 has on this host; instances that share a number need a host each", shared.Message);
        Assert.Equal([new PortLease("nccl", free, free)], leases.Take("a-0", wanted).AsEnumerable());
    }

    private static string? Value(InstanceLaunch launch, string name) => launch.Environment.SingleOrDefault(variable => variable.Name == name)?.Value;

    private static InstanceLaunch Launch(RoleBasedGroup group, string role, int ordinal, int member)
    {
        ImmutableArray<Place> places = [new Place("here", "127.0.0.1", "akka://a/user/agent")];
        var managed = new ManagedInstance(new InstanceKey(role, ordinal), "r", places, DateTimeOffset.UnixEpoch, InPlace: true, TimeSpan.Zero, IsDeleting: false);
        return OrderFactory.Create(group.Name, group.FindRole(role)!, managed).Members[member].Launch;
    }

    private static string Text(string leader, string others) => $$"""
        apiVersion: workloads.x-k8s.io/v1alpha2
        kind: RoleBasedGroup
        metadata: {name: demo}
        spec:
          roles:
          - name: engine
            replicas: 2
            customComponentsPattern:
              components:
              - name: leader
                size: 1
                annotations: {{{SpecNames.PortAllocator}}: '{{leader}}'}
                template:
                  metadata: {annotations: {demo/other: x} }
                  spec: {containers: [{name: c, image: "i:1", ports: [{name: http, containerPort: 0}], env: [{name: BY_ANNOTATION, valueFrom: {fieldRef: {fieldPath: "metadata.annotations['demo/nccl']"} } }]}]}
              - name: worker
                size: 1
                template:
                  metadata: {annotations: {{{SpecNames.PortAllocator}}: '{{others}}'} }
                  spec: {containers: [{name: c, image: "i:1"}]}
          - name: client
            standalonePattern:
              template:
                metadata: {annotations: {{{SpecNames.PortAllocator}}: '{{others}}'} }
                spec: {containers: [{name: c, image: "i:1"}]}
        """;
}
