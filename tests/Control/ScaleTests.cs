using System.Diagnostics;
using ActorInference.Roles.Groups.Control;
using Xunit.Abstractions;

namespace ActorInference.Control.Tests;

/// <summary>Large groups on simulated agents: what the control actors themselves take.</summary>
public sealed class ScaleTests(ITestOutputHelper output)
{
    private const long Gigabyte = 1L << 30;

    /// <summary>What is asserted is not how long it takes.</summary>
    private static readonly TimeSpan Patience = 3 * ControlNode.Patience;

    /// <summary>Of processor time, which other work on the machine takes no part of.</summary>
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);

    [Fact]
    public async Task A_group_of_300_rolls_in_seconds_of_CPU_with_bounds_kept()
    {
        const string Rolling = "rolloutStrategy: {rollingUpdate: {maxUnavailable: 5%, partition: 20%}}";
        var hosts = new SimulatedHosts();
        await using var node = await ControlNode.StartAsync(hosts, agents: 20, interval: 2);
        await node.ApplyAsync("large", Specs.Pair("large", "v1", 200, 100, Rolling));
        await node.UntilDoneAsync("large", 1, Patience);
        var before = Process.GetCurrentProcess().TotalProcessorTime;

        await node.ApplyAsync("large", Specs.Pair("large", "v2", 200, 100, Rolling), Specs.Policy("large"));
        var status = await node.UntilAsync("large", each => Updated(each, "prefill") == 160 && Updated(each, "decode") == 80 && each.Instances.All(instance => instance.IsReady), "80 % of both roles are updated", Patience);
        var taken = Process.GetCurrentProcess().TotalProcessorTime - before;

        output.WriteLine($"300 instances rolled in {taken.TotalSeconds:0.0} s of CPU.");
        Assert.Equal(300, status.Instances.Length);
        Assert.Equal(300 + 160 + 80, hosts.Starts.Count);
        Assert.True(taken < Limit, $"It took {taken.TotalSeconds:0.0} s of CPU.");
    }

    private static int Updated(RolloutProtocol.Status status, string role) => status.Instances.Count(instance => instance.Role == role && instance.Members is [{ Restarts: 1 }]);

    [Fact]
    public async Task Five_thousand_instances_stay_under_a_gigabyte()
    {
        var hosts = new SimulatedHosts();
        await using var node = await ControlNode.StartAsync(hosts, agents: 100, interval: 20);
        var watch = Stopwatch.StartNew();
        for (var group = 0; group < 10; group++) await node.ApplyAsync($"g{group}", Specs.Pair($"g{group}", "v1", 300, 200));
        for (var group = 0; group < 10; group++) await node.UntilDoneAsync($"g{group}", 1, Patience);

        using var process = Process.GetCurrentProcess();
        output.WriteLine($"5,000 instances in {watch.Elapsed.TotalSeconds:0.0} s; {process.WorkingSet64 >> 20} MiB resident, {GC.GetTotalMemory(forceFullCollection: true) >> 20} MiB of objects.");
        Assert.Equal(5000, hosts.Instances.Count);
        Assert.True(process.WorkingSet64 < Gigabyte, $"{process.WorkingSet64 >> 20} MiB are resident.");
    }
}
