using System.Collections.Immutable;
using ActorInference.Roles.Agents;
using ActorInference.Roles.Groups.Planning;
using ActorInference.Roles.Groups.Planning.Placing;
using ActorInference.Roles.Groups.Spec;
using HostTopology = ActorInference.Roles.Groups.Planning.Placing.HostTopology;

namespace ActorInference.Roles.Tests.Groups.Planning;

public sealed class PlacementTests
{
    private static readonly PlacementOptions Plain = new();

    [Fact]
    public void Instances_go_where_there_is_room_and_spread()
    {
        var result = Placement.Place([Host("a", gpus: 2), Host("b", gpus: 2)], [], [.. Enumerable.Range(0, 5).Select(ordinal => Request("p", ordinal, gpus: 1))], Plain);

        Assert.Equal([2, 2], result.Placed.GroupBy(placed => placed.Host).Select(host => host.Count()));
        Assert.Equal("2 of 2 hosts: too little GPUs", Assert.Single(result.Unplaced).Reason);
        Assert.Equal(4, result.Placed.Select(placed => (placed.Host, placed.Gpus[0])).Distinct().Count());
    }

    [Fact]
    public void What_asks_for_nothing_spreads_too()
    {
        var result = Placement.Place([Host("a", gpus: 0), Host("b", gpus: 0), Host("c", gpus: 0)], [], [.. Enumerable.Range(0, 6).Select(ordinal => Request("p", ordinal, gpus: 0))], Plain);

        Assert.Equal([2, 2, 2], result.Placed.GroupBy(placed => placed.Host).Select(host => host.Count()));
    }

    [Fact]
    public void A_port_that_is_one_number_is_there_once_on_a_host()
    {
        var shared = new FixedPort("nccl", 31000);
        PlacementRequest Sharing(int ordinal, params FixedPort[] ports) => Request("p", ordinal, gpus: 0) with { Ports = [.. ports] };
        Placed[] existing = [new Placed(Sharing(9, shared), "b", [])];

        var result = Placement.Place(
            [Host("a", gpus: 0), Host("b", gpus: 0)], existing, [Sharing(0, shared), Sharing(1, shared), Sharing(2, new FixedPort("nccl", 31001)), Sharing(3)], Plain);

        Assert.Equal("a", result.Placed.Single(placed => placed.Member.Instance.Ordinal == 0).Host);
        Assert.Equal([0, 2, 3], result.Placed.Select(placed => placed.Member.Instance.Ordinal).Order());
        Assert.Equal("2 of 2 hosts: another instance has port nccl, which is 31000 for all of the role", Assert.Single(result.Unplaced).Reason);
    }

    [Fact]
    public void A_replaced_instance_stays_in_its_smallest_domain()
    {
        HostTopology[] hosts = [Host("a", gpus: 4, rack: "r1"), Host("b", gpus: 4, rack: "r1"), Host("c", gpus: 4, rack: "r2")];
        var former = new Placed(Request("p", 0, gpus: 1), "a", [1]);
        Placed Taken(string host, params int[] gpus) => new(Request("x", host[0] + gpus[0], gpus: gpus.Length), host, [.. gpus]);
        string Where(params Placed[] others)
        {
            var placed = Placement.Place(hosts, others, [former.Member with { Former = former }], Plain).Placed[0];
            return $"{placed.Host}{placed.Gpus[0]}";
        }

        Assert.Equal("a1", Where());
        Assert.Equal("a0", Where(Taken("a", 1)));
        Assert.StartsWith("a", Where(Taken("a", 0, 1)), StringComparison.Ordinal);
        Assert.StartsWith("b", Where(Taken("a", 0, 1, 2, 3)), StringComparison.Ordinal);
        Assert.StartsWith("c", Where(Taken("a", 0, 1, 2, 3), Taken("b", 0, 1, 2, 3)), StringComparison.Ordinal);
    }

    [Fact]
    public void Paired_roles_prefer_NVLink_to_PCIe_to_RDMA_to_the_network()
    {
        var prefill = new Placed(Request("prefill", 0, gpus: 1), "a", [0]);
        var decode = Request("decode", 0, gpus: 1) with { Paired = ["prefill"] };
        Placed Place(int freeOfA, bool rdma) => Placement.Place(
            [Host("a", gpus: 4, rdma: rdma), Host("b", gpus: 4), Host("c", gpus: 4, rdma: rdma)],
            [prefill, .. Enumerable.Range(1, 3).Where(gpu => gpu > freeOfA).Select(gpu => new Placed(Request("x", gpu, gpus: 1), "a", [gpu]))],
            [decode],
            Plain).Placed[0];

        Assert.Equal(("a", 1), (Place(3, rdma: true).Host, Place(3, rdma: true).Gpus[0]));
        Assert.Equal("c", Place(0, rdma: true).Host);
        Assert.NotEqual("a", Place(0, rdma: false).Host);
    }

    [Fact]
    public void Affinity_and_anti_affinity_hold()
    {
        var apart = PlacementRules.None with { AntiAffinity = [new([new("role", RequirementOperator.In, ["p"])], HostTopology.HostKey, null)] };
        var near = PlacementRules.None with { Affinity = [new([new("role", RequirementOperator.In, ["p"])], HostTopology.RackKey, null)] };
        HostTopology[] hosts = [Host("a", rack: "r1"), Host("b", rack: "r1"), Host("c", rack: "r2")];

        var spread = Placement.Place(hosts, [], [.. Enumerable.Range(0, 4).Select(ordinal => Request("p", ordinal) with { Rules = apart })], Plain);
        var close = Placement.Place(hosts, [new Placed(Request("p", 0), "c", [])], [Request("d", 0) with { Rules = near }], Plain);
        var chosen = Placement.Place(hosts, [], [Request("p", 0) with { Rules = PlacementRules.None with { NodeSelector = PlacementRules.None.NodeSelector.Add(HostTopology.HostKey, "b") } }], Plain);

        Assert.Equal((3, 1), (spread.Placed.Select(placed => placed.Host).Distinct().Count(), spread.Unplaced.Length));
        Assert.Equal("c", close.Placed[0].Host);
        Assert.Equal("b", chosen.Placed[0].Host);
    }

    [Fact]
    public void What_other_groups_have_of_a_host_is_left_out_and_they_are_named_where_that_is_too_little()
    {
        HostTopology[] hosts = [Host("a", gpus: 4) with { Taken = [new("x", [0, 1], 4, 0), new("y", [2], 0, 0)] }, Host("b", gpus: 2) with { Taken = [new("z", [], 15, 40L << 30)] }];
        Unplaced Without(PlacementRequest request) => Assert.Single(Placement.Place(hosts, [], [request], Plain).Unplaced);

        var result = Placement.Place(hosts, [], [Request("p", 0, gpus: 1), Request("p", 1, gpus: 2)], Plain);

        Assert.Equal([("a", "3"), ("b", "0,1")], result.Placed.OrderBy(placed => placed.Host, StringComparer.Ordinal).Select(placed => (placed.Host, string.Join(',', placed.Gpus))));
        Assert.Equal("1 of 2 hosts: too little CPUs (group z has some), 1 of 2 hosts: too little GPUs (groups x, y have some)", Without(Request("p", 0, gpus: 2) with { Resources = ResourceSpec.None with { Gpus = 2, Cpus = 2 } }).Reason);
        Assert.Equal("2 of 2 hosts: too little GPUs", Without(Request("p", 0, gpus: 5)).Reason);
        Assert.Equal("2 of 2 hosts: too little memory", Without(Request("p", 0) with { Resources = ResourceSpec.None with { MemoryBytes = 70L << 30 } }).Reason);
    }

    [Fact]
    public void A_member_that_an_agent_has_refused_goes_to_another_host()
    {
        var former = new Placed(Request("p", 0, gpus: 1), "a", [0]);

        var placed = Placement.Place([Host("a", gpus: 4), Host("b", gpus: 4)], [], [former.Member with { Former = former, Avoids = "a" }], Plain).Placed[0];
        var alone = Placement.Place([Host("a", gpus: 4)], [], [former.Member with { Former = former, Avoids = "a" }], Plain).Unplaced[0];

        Assert.Equal("b", placed.Host);
        Assert.Equal("1 of 1 hosts: its agent has refused it", alone.Reason);
    }

    [Fact]
    public void An_exclusive_group_goes_to_no_domain_of_which_others_have_something()
    {
        var share = new HostShare("other", [], 0, 0);
        HostTopology[] hosts = [Host("a", gpus: 2, rack: "r1") with { Taken = [share] }, Host("b", gpus: 2, rack: "r1"), Host("c", gpus: 2, rack: "r2")];

        var placed = Placement.Place(hosts, [], [Request("p", 0, gpus: 1)], new PlacementOptions(Exclusive: HostTopology.RackKey)).Placed[0];

        Assert.Equal("c", placed.Host);
    }

    [Fact]
    public void A_gang_is_placed_whole_or_not_at_all()
    {
        PlacementRequest[] requests = [Request("p", 0, gpus: 2), Request("p", 1, gpus: 2), Request("d", 0, gpus: 2)];
        var gang = new GangScheduling(GangScheduling.DefaultTimeout, ImmutableSortedDictionary.Create<string, int>(StringComparer.Ordinal));

        var whole = Placement.Place([Host("a", gpus: 4)], [], requests, new PlacementOptions(Gang: gang));
        var enough = Placement.Place([Host("a", gpus: 4)], [], requests, new PlacementOptions(Gang: gang with { MinReplicas = gang.MinReplicas.Add("p", 1).Add("d", 0) }));

        Assert.Empty(whole.Placed);
        Assert.Contains(whole.Unplaced, unplaced => unplaced.Reason.StartsWith("its gang is incomplete", StringComparison.Ordinal));
        Assert.Equal(2, enough.Placed.Length);
    }

    [Fact]
    public void An_exclusive_group_has_its_domain_to_itself()
    {
        HostTopology[] hosts = [Host("a", gpus: 2, rack: "r1"), Host("b", gpus: 2, rack: "r1"), Host("c", gpus: 2, rack: "r2"), Host("d", gpus: 2, rack: "r2")];
        var other = new Placed(Request("x", 0) with { Group = "other" }, "a", []);
        var options = new PlacementOptions(Exclusive: HostTopology.RackKey);

        var placed = Placement.Place(hosts, [other], [.. Enumerable.Range(0, 4).Select(ordinal => Request("p", ordinal, gpus: 1))], options);
        var tooMany = Placement.Place(hosts, [other], [.. Enumerable.Range(0, 5).Select(ordinal => Request("p", ordinal, gpus: 1))], options);

        Assert.Equal(["c", "d"], placed.Placed.Select(one => one.Host).Distinct().Order(StringComparer.Ordinal));
        Assert.Single(tooMany.Unplaced);
    }

    private static HostTopology Host(string name, int gpus = 0, string rack = "r", bool rdma = false) => new(
        name,
        ImmutableSortedDictionary.CreateRange(StringComparer.Ordinal, [KeyValuePair.Create(HostTopology.RackKey, rack)]),
        16,
        64L << 30,
        [.. Enumerable.Range(0, gpus).Select(index => new GpuDevice(index, index / 2, [index ^ 1]))],
        ImmutableSortedDictionary.Create<string, int>(StringComparer.Ordinal))
    { Rdma = rdma };

    private static PlacementRequest Request(string role, int ordinal, int gpus = 0) => new(
        "g",
        new InstanceKey(role, ordinal),
        "",
        0,
        ImmutableSortedDictionary.CreateRange(StringComparer.Ordinal, [KeyValuePair.Create("role", role)]),
        ResourceSpec.None with { Gpus = gpus, Cpus = 1 },
        PlacementRules.None);
}
