using System.Collections.Immutable;
using ActorInference.Roles.Agents;

namespace ActorInference.Agents.Tests;

/// <summary>Cores that processes are bound to.</summary>
public sealed class CpuTests
{
    [Theory]
    [InlineData("0", "0")]
    [InlineData("0-3,8", "0,1,2,3,8")]
    [InlineData("8,0-1,1", "0,1,8")]
    [InlineData("", null)]
    [InlineData("3-1", null)]
    [InlineData("a", null)]
    [InlineData("1-2-3", null)]
    [InlineData("-1", null)]
    [InlineData("0-99999", null)]
    public void A_set_is_read_as_taskset_reads_it(string text, string? cores) => Assert.Equal(cores, CpuSet.Parse(text) is { } set ? string.Join(',', set) : null);

    [Fact]
    public void A_set_is_written_in_ranges() => Assert.Equal("0-2,5,7-8", CpuSet.Format([8, 0, 1, 7, 2, 5, 2]));

    [Fact]
    public void Each_instance_has_its_own_cores_on_one_node_near_its_GPU_as_long_as_there_are_any()
    {
        var leases = new CpuLeases(new HostTopology(
            [new NumaNode(0, [0, 1, 2, 3], 1), new NumaNode(1, [4, 5, 6, 7], 1)], [new HostGpu(0, "", "", 0, "", []), new HostGpu(1, "", "", 1, "", [])], [], ImmutableSortedDictionary<string, string>.Empty));

        Assert.Equal("4-5", leases.Take("a", Asks(2, [1])));
        Assert.Equal("0-2", leases.Take("b", Asks(3)));
        Assert.Equal("6-7", leases.Take("c", Asks(2)));
        Assert.Equal("4-5", leases.Take("a", Asks(2)));
        Assert.Equal("0,3", leases.Take("d", Asks(2)));   // The only idle core, and one that is shared: all others are taken once.
        Assert.Equal("0-7", leases.Take("e", Asks(8)));
        Assert.Equal("", leases.Take("f", InstanceResources.Unlimited));
        leases.Release("b");
        leases.Release("d");
        leases.Release("e");
        Assert.Equal("0-3", leases.Take("g", Asks(4)));
    }

    [Fact]
    public void A_lease_outlives_its_agent_and_what_the_host_does_not_have_is_an_error()
    {
        var leases = new CpuLeases(new HostTopology([new NumaNode(0, [0, 1, 2, 3], 1)], [], [], ImmutableSortedDictionary<string, string>.Empty));
        leases.Restore("a", "0-1");
        leases.Restore("b", null);

        Assert.Equal("2-3", leases.Take("c", Asks(2)));
        Assert.Equal("1,3", leases.Take("d", InstanceResources.Unlimited with { CpuSet = "3,1" }));
        Assert.Equal("limits.cpu is 5; the host has cores 0-3", Assert.Throws<IOException>(() => leases.Take("e", Asks(5))).Message);
        Assert.Equal("cpuSet is '3-4'; the host has cores 0-3", Assert.Throws<IOException>(() => leases.Take("e", InstanceResources.Unlimited with { CpuSet = "3-4" })).Message);
    }

    [Fact]
    public void A_host_has_the_cores_that_its_agent_may_use()
    {
        var topology = Read(("proc/self/status", "Name:\tagent\nCpus_allowed_list:\t2-4,6\n"));

        Assert.Equal(["2-3", "4,6"], topology.Numa.Select(node => CpuSet.Format(node.Cpus)));
        Assert.Equal([1024L * 1024, 2048 * 1024], topology.Numa.Select(node => node.MemoryBytes));
    }

    [Fact]
    public void A_host_has_the_memory_that_its_agent_may_use_in_the_proportion_of_its_nodes()
    {
        var all = ("proc/meminfo", "MemTotal:        6144 kB\nMemFree: 1 kB\n");

        Assert.Equal([2048L * 1024, 4096 * 1024], Read(all).Numa.Select(node => node.MemoryBytes));
        Assert.Equal([1024L * 1024, 2048 * 1024], Read(all, ("sys/fs/cgroup/memory.max", "3145728\n")).Numa.Select(node => node.MemoryBytes));
        Assert.Equal(6144L * 1024, Read(all, ("sys/fs/cgroup/memory.max", "max\n")).MemoryBytes);
        Assert.Equal(6144L * 1024, Read(all, ("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n")).MemoryBytes);
    }

    [SkippableFact]
    public async Task A_process_runs_on_its_cores_and_no_others()
    {
        Skip.IfNot(Directory.Exists("/proc/self") && File.Exists("/usr/bin/setsid") && File.Exists("/usr/bin/taskset"), "Agents keep processes with setsid, taskset and /proc.");
        await using var agent = new TestAgent { Cores = Allowed() };
        agent.Start();
        const string Script = "grep Cpus_allowed_list /proc/self/status; while true; do sleep 0.05; done";
        agent.Run(TestAgent.Script("bound", Script) with { Resources = Asks(1) });
        agent.Run(TestAgent.Script("named", Script) with { Resources = InstanceResources.Unlimited with { CpuSet = $"{agent.Cores[^1]}" } });
        agent.Run(TestAgent.Script("free", Script));
        agent.Run(TestAgent.Script("greedy", Script) with { Resources = Asks(agent.Cores.Length + 1) });

        foreach (var name in new[] { "bound", "named", "free" })
        {
            await agent.UntilReadyAsync(name);
            await Deadline.UntilAsync(() => agent.LogOf(name).Contains('\n'), () => $"{name} has told its cores");
        }

        Assert.EndsWith($"\t{agent.Cores[0]}\n", agent.LogOf("bound"));
        Assert.EndsWith($"\t{agent.Cores[^1]}\n", agent.LogOf("named"));
        Assert.EndsWith($"\t{CpuSet.Format(agent.Cores)}\n", agent.LogOf("free"));
        var refused = await agent.UntilAsync("greedy", report => report.Message.Length > 0, "is refused");
        Assert.StartsWith($"limits.cpu is {agent.Cores.Length + 1}; the host has cores", refused.Message);
    }

    /// <summary>A host of two nodes, and what else its kernel says.</summary>
    private static HostTopology Read(params (string File, string Text)[] more)
    {
        var root = Directory.CreateTempSubdirectory("host-");
        try
        {
            (string File, string Text)[] nodes =
            [
                ("sys/devices/system/node/node0/cpulist", "0-3\n"), ("sys/devices/system/node/node0/meminfo", "Node 0 MemTotal:  1024 kB\n"),
                ("sys/devices/system/node/node1/cpulist", "4-7\n"), ("sys/devices/system/node/node1/meminfo", "Node 1 MemTotal:  2048 kB\n"),
            ];
            foreach (var (file, text) in nodes.Concat(more))
            {
                var path = Path.Combine(root.FullName, file);
                Directory.CreateDirectory(Path.GetDirectoryName(path)!);
                File.WriteAllText(path, text);
            }

            return new HostTopologyReader(root.FullName).Read(ImmutableSortedDictionary<string, string>.Empty);
        }
        finally
        {
            root.Delete(recursive: true);
        }
    }

    private static InstanceResources Asks(int cores, ImmutableArray<int>? gpus = null) => InstanceResources.Unlimited with { Cores = cores, Gpus = gpus };

    /// <summary>Cores that this process may use.</summary>
    private static ImmutableArray<int> Allowed() =>
        CpuSet.Parse(File.ReadLines("/proc/self/status").First(line => line.StartsWith("Cpus_allowed_list:", StringComparison.Ordinal)).Split(':')[1].Trim())!.Value;
}
