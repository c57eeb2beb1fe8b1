using System.Collections.Immutable;
using ActorInference.Roles.Agents;

namespace ActorInference.Agents.Tests;

/// <summary>GPUs and memory that instances have of a host.</summary>
public sealed class DeviceTests
{
    private const string Endless = "while true; do sleep 0.05; done";
    private const long Gibibyte = 1L << 30;

    [Fact]
    public void A_GPU_belongs_to_one_pod_whose_containers_share_it_until_all_of_them_are_gone()
    {
        var leases = Leases();
        Assert.Equal([0, 1], leases.Take(Launch("a", "one", gpus: [0, 1])).ToArray());

        Assert.Null(leases.Conflict(Launch("a.side", "one", gpus: [0, 1]) with { Pod = "a" }));
        leases.Take(Launch("a.side", "one", gpus: [0, 1]) with { Pod = "a" });
        var (conflict, message) = leases.Conflict(Launch("b", "two", gpus: [1, 2]))!.Value;
        leases.Release("a");

        Assert.Equal((new DeviceConflict("a", "one", "1"), "GPU 1 of here belongs to a of group one"), (conflict, message));
        Assert.Equal("a.side", leases.Conflict(Launch("b", "two", gpus: [1, 2]))!.Value.Conflict.Holder);
        Assert.Null(leases.Conflict(Launch("b", "two", gpus: [2, 3])));
        Assert.Null(leases.Conflict(Launch("c", "two", gpus: null)));
        leases.Release("a.side");
        Assert.Null(leases.Conflict(Launch("b", "two", gpus: [1, 2])));
    }

    [Fact]
    public void An_instance_that_is_replaced_keeps_its_GPUs_until_the_other_process_runs()
    {
        var leases = Leases();
        leases.Take(Launch("a", "one", gpus: [0]));

        Assert.Null(leases.Conflict(Launch("a", "one", gpus: [0, 1], revision: "r2")));
        Assert.Equal([0, 1], leases.Take(Launch("a", "one", gpus: [1], revision: "r2")).ToArray());
        leases.Settle("a", "r1");
        Assert.NotNull(leases.Conflict(Launch("b", "two", gpus: [0])));
        leases.Settle("a", "r2");

        Assert.Null(leases.Conflict(Launch("b", "two", gpus: [0])));
        Assert.NotNull(leases.Conflict(Launch("b", "two", gpus: [1])));
    }

    [Fact]
    public void What_was_leased_before_is_so_again_and_a_process_that_was_being_replaced_counts_too()
    {
        var leases = Leases();
        leases.Restore(Launch("a", "one", gpus: [0]), "r1", [0, 3]);
        leases.Restore(Launch("b", "one", gpus: [1], revision: "r2"), "r1", [1, 2]);
        leases.Restore(Launch("old", "two", gpus: [1]), "", gpus: null);   // Of an agent that leased no GPUs: nobody is ended for it.

        Assert.Equal(["one", "two"], leases.Shares().Select(share => share.Group));
        Assert.Equal([0, 1, 2], leases.Shares()[0].Gpus.ToArray());
        Assert.Null(leases.Conflict(Launch("c", "two", gpus: [3])));
    }

    [Fact]
    public void Memory_is_given_as_long_as_there_is_some_and_more_is_asked_for_than_before()
    {
        var leases = Leases();
        leases.Take(Launch("a", "one", gibibytes: 5));
        leases.Take(Launch("b", "two", gibibytes: 2));

        var (conflict, message) = leases.Conflict(Launch("c", "three", gibibytes: 2))!.Value;

        Assert.Equal(new DeviceConflict("a", "one", ""), conflict);
        Assert.Equal("2048 MiB of memory are asked for, and 1024 MiB of 8192 MiB are left on here: a of group one has the most", message);
        Assert.Null(leases.Conflict(Launch("c", "three", gibibytes: 1)));
        Assert.Null(leases.Conflict(Launch("b", "two", gibibytes: 3)));
        Assert.NotNull(leases.Conflict(Launch("b", "two", gibibytes: 4)));
        Assert.Null(leases.Conflict(Launch("c", "three", gibibytes: 9)));   // Nobody has taken that away.
        leases.Restore(Launch("d", "four", gibibytes: 4), "r1", null);
        Assert.Null(leases.Conflict(Launch("b", "two", gibibytes: 2)));
    }

    [Fact]
    public void Shares_count_a_pod_once_by_what_it_was_placed_for_else_by_its_limits()
    {
        var leases = Leases();
        leases.Take(Launch("a", "one", gpus: [1], gibibytes: 3));
        leases.Take(Launch("a.side", "one", gpus: [1], gibibytes: 3) with { Pod = "a" });
        leases.Take(Launch("b", "one") with { Resources = new InstanceResources(Gibibyte, "0-2", null) });
        leases.Take(Launch("c", "two") with { Resources = new InstanceResources(0, "", null) { Cores = 2 } });
        leases.Take(Launch("d", "two"));

        var (one, two) = (leases.Shares()[0], leases.Shares()[1]);

        Assert.Equal(("one", "1", 4.5, 4 * Gibibyte), (one.Group, string.Join(',', one.Gpus), one.Cpus, one.MemoryBytes));
        Assert.Equal(("two", "", 2, 0), (two.Group, string.Join(',', two.Gpus), two.Cpus, two.MemoryBytes));
    }

    [SkippableFact]
    public async Task An_agent_that_begins_again_keeps_what_it_has_leased_and_refuses_it_to_others_until_it_is_given_back()
    {
        await using var agent = Begin();
        agent.Run(Script("a", [0, 1]));
        var first = await agent.UntilReadyAsync("a");

        await agent.CrashAsync();
        agent.Start();
        agent.Run(Script("b", [1]));
        var refused = await agent.UntilAsync("b", report => report.Conflict is not null, "is refused");

        Assert.Equal((new DeviceConflict("a", "", "1"), "GPU 1 of here belongs to a"), (refused.Conflict, refused.Message));
        Assert.Equal(("", "", 0), (refused.Revision, refused.WantedRevision, refused.ProcessId));
        Assert.Equal(first.ProcessId, (await agent.UntilReadyAsync("a")).ProcessId);
        Assert.False(Directory.Exists(agent.Options.FolderOf("b").Path));
        agent.Tell(new AgentProtocol.Remove("a", "owner-of-a"));
        await agent.UntilRemovedAsync("a");
        agent.Run(Script("b", [1]));
        Assert.Null((await agent.UntilReadyAsync("b")).Conflict);
    }

    [SkippableFact]
    public async Task An_update_that_needs_what_another_has_waits_and_the_process_of_before_goes_on()
    {
        await using var agent = Begin();
        agent.Run(Script("a", [0]));
        agent.Run(Script("b", [1]));
        var (before, _) = (await agent.UntilReadyAsync("a"), await agent.UntilReadyAsync("b"));

        agent.Run(Script("a", [0, 1]) with { Revision = "r2" });
        var refused = await agent.UntilAsync("a", report => report.Conflict is { Holder: "b" }, "is refused");
        agent.Run(Script("a", [0, 2]) with { Revision = "r3" });
        var after = await agent.UntilAsync("a", report => report is { IsReady: true, Revision: "r3" }, "is updated");

        Assert.Equal((before.ProcessId, "r1", true), (refused.ProcessId, refused.Revision, refused.IsReady));
        Assert.Null(after.Conflict);
        Assert.Equal([0, 2], agent.Options.FolderOf("a").ReadRecord()!.Gpus);
    }

    [SkippableFact]
    public async Task The_fleet_is_told_what_each_group_has_of_the_host()
    {
        await using var agent = Begin();
        agent.Tell(new AgentProtocol.Publish("demo", [], "group: {}\n"));
        agent.Run(Script("a", [0, 2]) with { Owner = "demo/engine/0", Needs = new PodNeeds(1.5, Gibibyte / 2) });
        await Deadline.UntilAsync(() => Share() is not null, () => $"the fleet knows of it; it knows {agent.Presence}");
        var share = Share()!;
        agent.Tell(new AgentProtocol.Remove("a", "demo/engine/0"));
        await Deadline.UntilAsync(() => Share() is null, () => $"the fleet knows that it is gone; it knows {agent.Presence}");

        Assert.Equal(("0,2", 1.5, Gibibyte / 2), (string.Join(',', share.Gpus), share.Cpus, share.MemoryBytes));

        HostShare? Share() => agent.Presence?.Taken?.FirstOrDefault(each => each.Group == "demo");
    }

    private static TestAgent Begin()
    {
        Skip.IfNot(Directory.Exists("/proc/self") && File.Exists("/usr/bin/setsid"), "Agents keep processes with setsid and /proc.");
        var agent = new TestAgent { Gpus = 4 };
        agent.Start();
        return agent;
    }

    private static DeviceLeases Leases() => new("here", new HostTopology([new NumaNode(0, [0, 1, 2, 3], 8 * Gibibyte)], [], [], ImmutableSortedDictionary<string, string>.Empty));

    private static InstanceLaunch Script(string instance, ImmutableArray<int> gpus) => TestAgent.Script(instance, Endless) with { Resources = InstanceResources.Unlimited with { Gpus = gpus } };

    private static InstanceLaunch Launch(string instance, string group, ImmutableArray<int>? gpus = null, long gibibytes = 0, string revision = "r1") => new()
    {
        Instance = instance,
        Owner = $"{group}/engine/0",
        Revision = revision,
        Image = "engine:1",
        Resources = InstanceResources.Unlimited with { Gpus = gpus },
        Needs = gibibytes > 0 ? new PodNeeds(1.5, gibibytes * Gibibyte) : null,
    };
}
