using System.Diagnostics;
using System.Globalization;
using ActorInference.Host.Benchmarks;
using ActorInference.Host.Groups;
using Xunit.Abstractions;

namespace ActorInference.GroupProcesses.Tests;

/// <summary>
/// Processes of the five roles are killed under load, and the agent: each kind once, in a seeded order. For five minutes, and any kind at
/// any time: ACTORINFERENCE_PROCESS_TESTS=long.
/// </summary>
public sealed class KillLoopTests(ITestOutputHelper output)
{
    private const string Agent = "agent";
    private const string Gateway = "router";

    /// <summary>
    /// Deadlines for silence are long, so that a machine with more to do than it can is not taken for dead workers: those are known by
    /// their connections.
    /// </summary>
    private const string Group = """
        apiVersion: workloads.x-k8s.io/v1alpha2
        kind: RoleBasedGroup
        metadata:
          name: chaos
        spec:
          roles:
          - name: cache-master
            role: cache-master
            settings: {management-port: none, cmd-port: none, log-level: Warning, set: [akka.cluster.failure-detector.acceptable-heartbeat-pause=30s]}
          - name: cache-store
            role: cache-store
            dependencies: [cache-master]
            settings: {management-port: none, cmd-port: none, log-level: Warning, set: [actor-inference.cache.store.memory=16MiB, akka.cluster.failure-detector.acceptable-heartbeat-pause=30s]}
          - name: prefill
            role: prefill
            replicas: 2
            dependencies: [cache-master]
            settings: {threads: 1, management-port: none, cmd-port: none, log-level: Warning, set: [akka.cluster.failure-detector.acceptable-heartbeat-pause=30s]}
          - name: decode
            role: decode
            replicas: 2
            dependencies: [cache-master]
            settings: {threads: 1, management-port: none, cmd-port: none, log-level: Warning, set: [akka.cluster.failure-detector.acceptable-heartbeat-pause=30s]}
          - name: router
            role: router
            dependencies: [prefill, decode]
            settings:
              management-port: none
              cmd-port: none
              log-level: Warning
              set:
              - akka.cluster.failure-detector.acceptable-heartbeat-pause=30s
              - actor-inference.gateway.reserve-deadline=20s
              - actor-inference.gateway.first-page-deadline=20s
              - actor-inference.gateway.stall-deadline=20s
              - actor-inference.router.worker-silence=30s
        """;

    private static readonly TimeSpan LongLoop = TimeSpan.FromMinutes(5);

    private static bool IsLong => Environment.GetEnvironmentVariable("ACTORINFERENCE_PROCESS_TESTS") == "long";

    [SkippableFact]
    public async Task Whatever_is_killed_the_group_comes_back_and_no_stream_breaks_but_those_of_a_killed_gateway()
    {
        RunningAgent.SkipWhereNoneCanRun();
        var seed = Environment.GetEnvironmentVariable("ACTORINFERENCE_SEED") is { Length: > 0 } given ? int.Parse(given, CultureInfo.InvariantCulture) : Random.Shared.Next();
        output.WriteLine($"seed {seed}");
        await using var agent = new RunningAgent();
        await agent.StartAsync();
        await agent.ApplyAsync(Group);
        var first = await agent.UntilReadyAsync("chaos", 1);
        Assert.Equal(7, first.Instances.Count);
        var port = first.Instances.Single(instance => instance.Role == Gateway).Processes[0].Ports["http"];

        await using var load = new ConversationLoad(new Uri($"http://127.0.0.1:{port}"), conversations: 2, TimeSpan.FromMilliseconds(200), opening: 4, seed);
        await UntilTurnsAsync(load, 4);
        var outages = await KillAsync(agent, load, Victims(new Random(seed)), $"(seed {seed})");
        var back = await agent.UntilAsync("chaos", body => body.Status == "Ready", $"the group is ready again (seed {seed})");
        await UntilTurnsAsync(load, load.Turns.Count + 4);

        output.WriteLine($"{load.Turns.Count} turns, {back.Instances.Sum(instance => instance.Restarts)} restarts");
        Assert.True(load.Turns.All(turn => turn.Outcome == TurnOutcome.Whole || outages.Any(outage => turn.SentAt <= outage.To && turn.EndedAt >= outage.From)),
            $"seed {seed}, outages of the gateway {string.Join(", ", outages)}: {string.Join("; ", load.Turns.Where(turn => turn.Outcome != TurnOutcome.Whole))}");
        Assert.Equal(first.Instances.Select(Identity), back.Instances.Select(Identity));
        await load.DisposeAsync();
        await agent.DeleteAsync("chaos");
    }

    /// <summary>Each kind once, in any order; or any kind, for as long as the loop lasts.</summary>
    private static IEnumerable<(string Role, int Choice)> Victims(Random random)
    {
        string[] kinds = [Agent, Gateway, "prefill", "decode", "cache-master", "cache-store"];
        var watch = Stopwatch.StartNew();
        if (!IsLong) random.Shuffle(kinds);
        for (var round = 0; IsLong ? watch.Elapsed < LongLoop : round < kinds.Length; round++)
            yield return (IsLong ? kinds[random.Next(kinds.Length)] : kinds[round], random.Next(int.MaxValue));
    }

    /// <returns>When no gateway was there, on the load's clock.</returns>
    private async Task<List<(TimeSpan From, TimeSpan To)>> KillAsync(RunningAgent agent, ConversationLoad load, IEnumerable<(string Role, int Choice)> victims, string seed)
    {
        var outages = new List<(TimeSpan From, TimeSpan To)>();
        foreach (var (role, choice) in victims)
        {
            var from = load.Now;
            var name = await KillAsync(agent, role, choice, seed);
            // One of each role is left at any time: the next victim waits until all are there again.
            await agent.UntilAsync("chaos", body => body.Status == "Ready" && body.Instances.Count == 7 && body.Instances.All(instance => instance.Ready == 1), $"all are ready again after the end of {name} {seed}");
            output.WriteLine($"{name} killed at {from}, back at {load.Now}, {load.Turns.Count} turns");
            if (role == Gateway) outages.Add((from, load.Now));
            await UntilTurnsAsync(load, load.Turns.Count + 2);
        }

        return outages;
    }

    private static async Task<string> KillAsync(RunningAgent agent, string role, int choice, string seed)
    {
        if (role == Agent)
        {
            await agent.KillAsync();
            await agent.StartAsync();
            return Agent;
        }

        var body = await agent.UntilAsync("chaos", each => each.Instances.Count == 7, $"the group is shown {seed}");
        var candidates = body.Instances.Where(instance => instance.Role == role).ToList();
        var victim = candidates[choice % candidates.Count].Processes[0];
        RunningAgent.End(victim.Pid);
        await agent.UntilAsync("chaos", each => each.Instances.Any(instance => instance.Processes.Any(one => one.Name == victim.Name && one.Restarts > victim.Restarts)), $"{victim.Name} is begun again {seed}");
        return victim.Name;
    }

    private static Task UntilTurnsAsync(ConversationLoad load, int turns) => RunningAgent.UntilAsync(() => load.Turns.Count >= turns, () => $"there are {turns} turns, and not {load.Turns.Count}");

    private static string Identity(InstanceBody instance) => $"{instance.Name} on {instance.Node}: {string.Join(',', instance.Processes[0].Ports)}";
}
