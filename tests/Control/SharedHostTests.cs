using System.Collections.Immutable;
using System.Globalization;
using ActorInference.Roles.Agents;
using ActorInference.Roles.Groups.Control;
using Akka.Actor;
using Xunit.Abstractions;

namespace ActorInference.Control.Tests;

/// <summary>Several groups on the same hosts.</summary>
public sealed class SharedHostTests(ITestOutputHelper output)
{
    private static DateTimeOffset Now => DateTimeOffset.UtcNow;

    [Fact]
    public async Task Groups_that_want_all_GPUs_of_a_host_get_a_host_each_and_the_third_waits_until_one_is_deleted()
    {
        var hosts = new SimulatedHosts { Gpus = 8 };
        await using var node = await ControlNode.StartAsync(hosts, agents: 2, interval: 0.1);
        await node.UntilAgentsAsync(2);

        await Task.WhenAll(node.ApplyAsync("one", Engine("one", gpus: 8)), node.ApplyAsync("two", Engine("two", gpus: 8)));
        var (one, two) = (await node.UntilDoneAsync("one", 1), await node.UntilDoneAsync("two", 1));
        await UntilSharesAsync(node, "three", ["one", "two"]);
        await node.ApplyAsync("three", Engine("three", gpus: 8));
        var waiting = await node.UntilAsync("three", status => status.Holds.Any(hold => hold.Contains("groups one, two have some", StringComparison.Ordinal)), "it says who has the GPUs");

        Assert.Equal(["host-000", "host-001"], one.Instances.Concat(two.Instances).Select(instance => instance.Node).Order());
        Assert.Empty(waiting.Instances);
        await node.UntilNotedAsync("three", note => note is { Reason: "FailedScheduling" } && note.Message.StartsWith("2 of 2 hosts: too little GPUs", StringComparison.Ordinal), "describe says so");
        await node.CommandAsync(new GroupProtocol.Delete("one", Now));
        var placed = await node.UntilDoneAsync("three", 1);
        Assert.Equal(one.Instances[0].Node, placed.Instances[0].Node);
        Assert.Empty(hosts.Doubled);
    }

    [Fact]
    public async Task An_instance_whose_GPUs_the_agent_has_given_to_others_takes_free_ones_of_the_same_host()
    {
        var hosts = new SimulatedHosts { Gpus = 4, SharesAreTold = false };
        hosts.Hold("host-000", Foreign("other-engine-0", "other", [0, 1]));
        await using var node = await ControlNode.StartAsync(hosts, agents: 1, interval: 0.1);
        await node.UntilAgentsAsync(1);

        await node.ApplyAsync("demo", Engine("demo", gpus: 2));
        await node.UntilDoneAsync("demo", 1);

        Assert.Empty(hosts.Doubled);
        await node.UntilNotedAsync("demo", note => note is { Reason: "Moved", Message: "to host-000: GPU 0-1 of host-000 belongs to other-engine-0 of group other" }, "why it was moved");
    }

    [Fact]
    public async Task An_instance_that_an_agent_refuses_and_no_other_can_take_waits_with_the_reason_and_begins_when_the_device_is_free()
    {
        var hosts = new SimulatedHosts { Gpus = 2, SharesAreTold = false };
        hosts.Hold("host-000", Foreign("other-engine-0", "other", [1]));
        await using var node = await ControlNode.StartAsync(hosts, agents: 1, interval: 0.1);
        await node.UntilAgentsAsync(1);

        await node.ApplyAsync("demo", Engine("demo", gpus: 2));
        const string Reason = "GPU 1 of host-000 belongs to other-engine-0 of group other";
        var waiting = await node.UntilAsync("demo", status => status.Instances.Any(instance => instance.Message == Reason) && status.Holds.Contains($"engine-0: {Reason}"), "it says who has the GPU");
        Assert.False(waiting.Instances[0].IsReady);
        hosts.Remove("host-000", "other-engine-0");

        var done = await node.UntilDoneAsync("demo", 1);
        Assert.Equal("", done.Instances[0].Message);
    }

    [Fact]
    public async Task Gangs_that_each_hold_what_the_other_needs_do_not_wait_for_each_other()
    {
        const string Gang = "annotations: {rbg.workloads.x-k8s.io/group-gang-scheduling: \"true\"}";
        var hosts = new SimulatedHosts { Gpus = 1, SharesAreTold = false };
        (hosts.First["host-000"], hosts.First["host-001"]) = ("b", "a");
        await using var node = await ControlNode.StartAsync(hosts, agents: 2, interval: 0.1);
        await node.UntilAgentsAsync(2);

        await Task.WhenAll(node.ApplyAsync("b", Engine("b", gpus: 1, replicas: 2, Gang)), node.ApplyAsync("a", Engine("a", gpus: 1, replicas: 2, Gang)));
        await node.UntilAsync("a", _ => hosts.On("host-000").Any(instance => instance.Instance.StartsWith("b-", StringComparison.Ordinal)) && hosts.On("host-001").Any(instance => instance.Instance.StartsWith("a-", StringComparison.Ordinal)), "each has a host");
        hosts.SharesAreTold = true;
        await node.UntilAsync("a", status => status.Instances.Count(instance => instance.IsReady) == 2, "the first has all");

        var b = await node.UntilAsync("b", status => status.Instances.IsEmpty && status.Holds.Any(hold => hold.Contains("(group a has some)", StringComparison.Ordinal)), "the second has none, and says why");
        Assert.False(b.IsDone);
        await node.CommandAsync(new GroupProtocol.Delete("a", Now));
        await node.UntilDoneAsync("b", 1);
        Assert.Empty(hosts.Doubled);
    }

    [Fact]
    public async Task No_GPU_is_held_by_two_instances_whatever_comes_and_goes()
    {
        var seed = Random.Shared.Next();
        output.WriteLine($"Seed {seed}.");
        using var journal = new JournalFile();
        var (random, hosts) = (new Random(seed), new SimulatedHosts { Gpus = 4 });
        var declared = new SortedDictionary<string, (int Gpus, int Replicas)>(StringComparer.Ordinal);
        for (var life = 0; life < 3; life++)
        {
            await using var node = await ControlNode.StartAsync(hosts, journal.Path, agents: 3, interval: 0.1);
            await node.UntilAgentsAsync(3);
            for (var step = 0; step < 8; step++) await ChangeAsync(node, hosts, declared, random);
            if (life == 2) await EndWithOneAsync(node, declared);
        }

        Assert.True(hosts.Doubled.IsEmpty, $"Seed {seed}: {string.Join("; ", hosts.Doubled)}");
    }

    /// <summary>A group comes or goes, or an agent begins again.</summary>
    private static async Task ChangeAsync(ControlNode node, SimulatedHosts hosts, SortedDictionary<string, (int Gpus, int Replicas)> declared, Random random)
    {
        var group = $"g{random.Next(5)}";
        if (random.Next(4) == 0)
        {
            hosts.RestartAgent($"host-{random.Next(3):000}");
        }
        else if (declared.Remove(group))
        {
            await DeleteAsync(node, group);
        }
        else
        {
            declared[group] = (random.Next(1, 5), random.Next(1, 4));
            await node.ApplyAsync(group, Engine(group, declared[group].Gpus, declared[group].Replicas));
        }
    }

    /// <summary>One that has the hosts to itself has all that fits there.</summary>
    private static async Task EndWithOneAsync(ControlNode node, SortedDictionary<string, (int Gpus, int Replicas)> declared)
    {
        foreach (var group in declared.Keys.Skip(1)) await DeleteAsync(node, group);
        foreach (var (group, (gpus, replicas)) in declared.Take(1))
        {
            var most = Math.Min(replicas, 3 * (4 / gpus));
            await node.UntilAsync(group, status => status.Instances.Count(instance => instance.IsReady) == most, $"all of {most} with {gpus} GPUs each have their places");
        }
    }

    /// <summary>Waits until others are told what these groups have.</summary>
    private static async Task UntilSharesAsync(ControlNode node, string asker, string[] groups)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        using var deadline = new CancellationTokenSource(ControlNode.Patience);
        while (!(await AgentsAsync()).SelectMany(agent => agent.Taken ?? []).Select(share => share.Group).Order(StringComparer.Ordinal).SequenceEqual(groups)) await timer.WaitForNextTickAsync(deadline.Token);

        async Task<ImmutableArray<FleetProtocol.AgentIsThere>> AgentsAsync() =>
            (await node.Regions.Fleet.Ask<FleetProtocol.Agents>(new FleetProtocol.GetAgents { Group = asker }, ControlNode.Patience)).Present;
    }

    private static async Task DeleteAsync(ControlNode node, string group)
    {
        await node.CommandAsync(new GroupProtocol.Delete(group, Now));
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        using var deadline = new CancellationTokenSource(ControlNode.Patience);
        while (await node.Regions.Groups.Ask<object>(new GroupProtocol.GetState(group), ControlNode.Patience) is not GroupProtocol.Rejected) await timer.WaitForNextTickAsync(deadline.Token);
    }

    [Fact]
    public void What_others_have_is_told_in_few_shares_however_many_groups_there_are()
    {
        ImmutableArray<HostShare> all = [new("own", [0], 1, 1), new("gpu", [1, 2], 1, 5), .. Enumerable.Range(0, 50).Select(index => new HostShare($"g{index:00}", [], 0.5, index))];

        var others = HostShare.Others(all, "own");

        Assert.Equal(["gpu", "g49", "g48", "g47", "g46", "46 others"], others.Select(share => share.Group));
        Assert.Equal((26.0, 5 + (50 * 49 / 2)), (others.Sum(share => share.Cpus), others.Sum(share => share.MemoryBytes)));
        Assert.Equal(["gpu"], HostShare.Others([all[0], all[1]], "own").Select(share => share.Group));
    }

    /// <summary>A group of one role.</summary>
    private static string Engine(string name, int gpus, int replicas = 1, string metadata = "", string version = "v1") => string.Create(CultureInfo.InvariantCulture, $$"""
        apiVersion: workloads.x-k8s.io/v1alpha2
        kind: RoleBasedGroup
        metadata:
          name: {{name}}
          {{metadata}}
        spec:
          roles:
          - name: engine
            replicas: {{replicas}}
            standalonePattern:
              template:
                spec:
                  containers:
                  - name: engine
                    image: engine:{{version}}
                    resources: { limits: { nvidia.com/gpu: {{gpus}} } }
        """);

    private static InstanceLaunch Foreign(string instance, string group, ImmutableArray<int> gpus) => new()
    {
        Instance = instance,
        Owner = $"{group}/engine/9",
        Revision = "r0",
        Image = "engine:v0",
        Resources = InstanceResources.Unlimited with { Gpus = gpus },
    };
}
