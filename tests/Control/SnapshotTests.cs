using ActorInference.Roles.Groups.Control;

namespace ActorInference.Control.Tests;

/// <summary>Journals that are long: what is written down whole now and then, and what becomes of the rest.</summary>
public sealed class SnapshotTests
{
    private const int Every = 4;

    private static DateTimeOffset Now => DateTimeOffset.UtcNow;

    [Fact]
    public async Task A_control_node_goes_on_from_its_snapshots_and_its_journals_do_not_grow()
    {
        using var journal = new JournalFile();
        var settings = $"actor-inference.groups.snapshot-every = {Every}";
        var hosts = new SimulatedHosts();
        await using (var first = await ControlNode.StartAsync(hosts, journal.Path, interval: 0.1, settings: settings))
        {
            for (var version = 1; version <= 8; version++) await first.ApplyAsync("demo", Specs.Pair("demo", $"v{version}"));
            await first.UntilDoneAsync("demo", 8);
            await first.UntilStableAsync("demo", 8);
            foreach (var id in new[] { "group-demo", "rollout-demo" }) await UntilTrimmedAsync(first, id);
            var before = hosts.Starts.Count;
            await first.ApplyAsync("demo", Specs.Pair("demo", "v9"));
            await first.UntilAsync("demo", _ => hosts.Starts.Count > before, "the rollout has begun");
        }

        await using var second = await ControlNode.StartAsync(hosts, journal.Path, interval: 0.1, settings: settings);
        var status = await second.UntilAsync("demo", each => each is { Generation: 9, IsDone: true }, "the rollout has ended");
        var state = await second.StateAsync("demo");

        Assert.Equal(4, status.Instances.Length);
        Assert.Equal(4, hosts.Instances.Count);
        Assert.Equal(hosts.Starts.Count, hosts.Starts.Distinct().Count());
        Assert.Equal(Enumerable.Range(1, 9), state.Revisions.Select(revision => (int)revision.Number));
        await second.CommandAsync(new GroupProtocol.Undo("demo", 2, Now));
        await second.UntilAsync("demo", each => each is { Generation: 10, IsDone: true }, "an old revision is back");
        Assert.Contains("engine:v2", (await second.StateAsync("demo")).Desired);
    }

    /// <summary>The events before the snapshot before the last are given up; a few more may have come since.</summary>
    private static async Task UntilTrimmedAsync(ControlNode node, string persistenceId)
    {
        using var deadline = new CancellationTokenSource(ControlNode.Patience);
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        while (true)
        {
            var left = await node.ReadJournalAsync(persistenceId);
            if (left.Length > 0 && left[0] > 1 && left.Length <= 2 * Every) return;
            await timer.WaitForNextTickAsync(deadline.Token);
        }
    }
}
