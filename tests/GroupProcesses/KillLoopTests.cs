using System.Diagnostics;
using System.Globalization;
using ActorInference.Host.Benchmarks;
using ActorInference.Host.Groups;
using Xunit.Abstractions;

namespace ActorInference.GroupProcesses.Tests;

/// <summary>Processes are killed again and again under load, the agent among them. For longer: ACTORINFERENCE_KILL_SECONDS=300.</summary>
public sealed class KillLoopTests(ITestOutputHelper output)
{
    private const string Group = """
        apiVersion: workloads.x-k8s.io/v1alpha2
        kind: RoleBasedGroup
        metadata:
          name: chaos
        spec:
          roles:
          - name: prefill
            role: prefill
            replicas: 2
            settings: {threads: 1, management-port: none, cmd-port: none}
          - name: decode
            role: decode
            replicas: 2
            dependencies: [prefill]
            settings: {threads: 1, management-port: none, cmd-port: none}
          - name: router
            role: router
            dependencies: [decode]
            settings: {management-port: none, cmd-port: none}
        """;

    private static TimeSpan Length => TimeSpan.FromSeconds(
        double.TryParse(Environment.GetEnvironmentVariable("ACTORINFERENCE_KILL_SECONDS"), CultureInfo.InvariantCulture, out var seconds) ? seconds : 20);

    [SkippableFact]
    public async Task Whatever_is_killed_the_group_comes_back_and_no_stream_breaks()
    {
        RunningAgent.SkipUnlessWanted();
        var seed = Environment.GetEnvironmentVariable("ACTORINFERENCE_SEED") is { Length: > 0 } given ? int.Parse(given, CultureInfo.InvariantCulture) : Random.Shared.Next();
        output.WriteLine($"seed {seed}");
        await using var agent = new RunningAgent();
        await agent.StartAsync();
        await agent.ApplyAsync(Group);
        var first = await agent.UntilReadyAsync("chaos", 1);
        var port = first.Instances[^1].Processes[0].Ports["http"];

        await using var load = new ConversationLoad(new Uri($"http://127.0.0.1:{port}"), conversations: 2, TimeSpan.FromMilliseconds(200), seed);
        await RunningAgent.UntilAsync(() => load.Turns.Count >= 4, () => "the load has begun");
        var kills = await KillAsync(agent, new Random(seed));
        var back = await agent.UntilAsync("chaos", body => body.Status == "Ready", $"the group is ready again after {kills} kills (seed {seed})");
        var turns = load.Turns.Count;
        await RunningAgent.UntilAsync(() => load.Turns.Count >= turns + 4, () => "it serves on");

        output.WriteLine($"{kills} kills, {load.Turns.Count} turns, {back.Instances.Sum(instance => instance.Restarts)} restarts");
        Assert.True(load.Turns.All(turn => turn.Outcome == TurnOutcome.Whole), $"seed {seed}: {string.Join("; ", load.Turns.Where(turn => turn.Outcome != TurnOutcome.Whole))}");
        Assert.Equal(first.Instances.Select(Identity), back.Instances.Select(Identity));
    }

    /// <summary>One of each role is left at any time: a role's next victim waits until the group is ready again.</summary>
    private static async Task<int> KillAsync(RunningAgent agent, Random random)
    {
        var (watch, kills) = (Stopwatch.StartNew(), 0);
        while (watch.Elapsed < Length)
        {
            if (random.Next(4) == 0)
            {
                await agent.KillAsync();
                await agent.StartAsync();
            }

            var body = await agent.UntilAsync("chaos", each => each.Instances.Count == 5 && each.Instances.All(instance => instance.Ready == 1), "all are ready again");
            var victims = body.Instances.Where(instance => instance.Role != "router").ToList();
            var victim = victims[random.Next(victims.Count)].Processes[0];
            using (var process = Process.GetProcessById(victim.Pid)) process.Kill();
            kills++;
            await agent.UntilAsync("chaos", each => each.Instances.Any(instance => instance.Processes.Any(one => one.Name == victim.Name && one.Restarts > victim.Restarts)), $"{victim.Name} is begun again");
        }

        return kills;
    }

    private static string Identity(InstanceBody instance) => $"{instance.Name} on {instance.Node}: {string.Join(',', instance.Processes[0].Ports)}";
}
