using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using ActorInference.Host.Cli;
using ActorInference.Host.Groups;
using ActorInference.Roles.Agents;

namespace ActorInference.Host.Benchmarks;

/// <summary>How an upgrade is measured.</summary>
/// <param name="Model">Folder or file of the model; null for the shipped one.</param>
/// <param name="Conversations">At the same time.</param>
/// <param name="Pause">Between two turns of one.</param>
/// <param name="Opening">Sentences that a conversation begins with.</param>
/// <param name="Before">How long is measured before the first upgrade.</param>
/// <param name="After">And after each.</param>
/// <param name="Upgrades">One after the other, each to a version of its own.</param>
/// <param name="MinReady">How long an instance is to be ready before the next one may follow, in whole seconds.</param>
/// <param name="LogFile">For a line of each turn and of each change of an instance; null for none.</param>
public sealed record UpgradeBenchmarkOptions(
    string? Model, int Conversations, TimeSpan Pause, int Opening, TimeSpan Before, TimeSpan After, int Upgrades, TimeSpan MinReady, int Prefill, int Decode, int Stores, int Seed, string? LogFile);

/// <summary>
/// Begins an agent with a group of its own on this machine, upgrades all its engine roles and stores under a load of
/// conversations, in place or by recreating them, and measures what those notice.
/// </summary>
public sealed partial class UpgradeBenchmark(UpgradeBenchmarkOptions options)
{
    private const string Group = "bench";

    private static readonly TimeSpan ReadyLimit = TimeSpan.FromMinutes(5);

    /// <summary>Turns until the caches are as they go on to be.</summary>
    private const int WarmTurns = 4;

    /// <param name="mode">in_place or recreate.</param>
    /// <param name="stop">Ends it, and all that it began.</param>
    public async Task<UpgradeResult> RunAsync(string mode, CancellationToken stop)
    {
        var folder = Directory.CreateTempSubdirectory("actorinference-bench-").FullName;
        using var agent = StartAgent(folder);
        try
        {
            var server = await ServerOfAsync(agent, stop);
            using var client = new GroupClient(server);
            await client.PostAsync("groups", Spec("v1", mode), GroupJson.Default.AppliedBody, stop);
            var first = await UntilReadyAsync(client, 1, _ => { }, stop);
            var gateway = first.Instances.Single(instance => instance.Role == "router").Processes[0].Ports["http"];
            return await MeasureAsync(mode, client, new Uri($"http://127.0.0.1:{gateway}"), stop);
        }
        finally
        {
            agent.Kill();
            await agent.WaitForExitAsync(CancellationToken.None);
            await EndInstancesAsync(folder);
            Directory.Delete(folder, recursive: true);
        }
    }

    private async Task<UpgradeResult> MeasureAsync(string mode, GroupClient client, Uri gateway, CancellationToken stop)
    {
        var log = new UpgradeLog(options.LogFile, mode);
        await using var load = new ConversationLoad(gateway, options.Conversations, options.Pause, options.Opening, options.Seed);
        await UntilAsync(() => load.Turns.Count >= options.Conversations * WarmTurns, stop);
        var from = load.Now;
        await Task.Delay(options.Before, stop);
        var upgrades = new List<UpgradeSpan>();
        GroupBody upgraded;
        do
        {
            var (begin, version) = (load.Now, upgrades.Count + 2);
            await client.PostAsync("groups", Spec($"v{version}", mode), GroupJson.Default.AppliedBody, stop);
            upgraded = await UntilReadyAsync(client, version, group => log.Take(load.Now, group), stop);
            upgrades.Add(new UpgradeSpan(begin, load.Now));
            await Task.Delay(options.After, stop);
        }
        while (upgrades.Count < options.Upgrades);

        log.Write(load.Turns);
        return UpgradeMeasure.Of(mode, load.Turns, from, upgrades, upgraded.Instances.Sum(instance => instance.Restarts));
    }

    private string Spec(string version, string mode)
    {
        var type = mode == "in_place" ? "InPlaceIfPossible" : "RecreatePod";
        var model = options.Model is { } path ? $", model: '{Path.GetFullPath(path).Replace("'", "''", StringComparison.Ordinal)}'" : "";
        string Role(string name, int replicas, string dependencies, string settings) => string.Create(CultureInfo.InvariantCulture, $$$"""
              - name: {{{name}}}
                role: {{{name}}}
                replicas: {{{replicas}}}
                minReadySeconds: {{{(int)options.MinReady.TotalSeconds}}}
                dependencies: [{{{dependencies}}}]
                settings: {management-port: none, cmd-port: none{{{settings}}}}
                env: [{name: BENCH_VERSION, value: "{{{version}}}"}]
                rolloutStrategy: {rollingUpdate: {type: {{{type}}}, maxUnavailable: 1}}

            """);
        // One instance at a time: each that starts takes from those that serve.
        var order = options.Stores > 0 ? "cache-master, cache-store, decode, prefill" : "cache-master, decode, prefill";
        return $$"""
            apiVersion: workloads.x-k8s.io/v1alpha2
            kind: RoleBasedGroup
            metadata:
              name: {{Group}}
            spec:
              roles:
            {{Role("cache-master", 1, "", "")}}{{(options.Stores > 0 ? Role("cache-store", options.Stores, "cache-master", "") : "")}}{{Role("prefill", options.Prefill, "cache-master", $", threads: 1{model}")}}{{Role("decode", options.Decode, "cache-master", $", threads: 1{model}")}}  - name: router
                role: router
                dependencies: [prefill, decode]
                settings: {management-port: none, cmd-port: none{{model}}}
            ---
            apiVersion: workloads.x-k8s.io/v1alpha2
            kind: CoordinatedPolicy
            metadata:
              name: {{Group}}
            spec:
              policies:
              - name: one-after-the-other
                roles: [{{order}}]
                strategy:
                  rollingUpdate:
                    maxSkew: 100%
                    maxUnavailableTogether: 1
                    order: [{{order}}]
            """;
    }

    private static Process StartAgent(string folder)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!) { RedirectStandardOutput = true, RedirectStandardInput = true };
        // Under `dotnet actorinference.dll` the process is dotnet, and the program its first argument.
        if (Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet") start.ArgumentList.Add(typeof(UpgradeBenchmark).Assembly.Location);
        foreach (var argument in (string[])["agent", "--data", folder, "--cluster-port", "0", "--management-port", "0", "--cmd-port", "none", "--node-name", "bench", "--log-level", "Error"]) start.ArgumentList.Add(argument);
        return Process.Start(start) ?? throw new InvalidOperationException($"{Environment.ProcessPath} did not start.");
    }

    private static async Task<string> ServerOfAsync(Process agent, CancellationToken stop)
    {
        while (await agent.StandardOutput.ReadLineAsync(stop) is { } line)
        {
            if (ServerPattern().Match(line) is { Success: true } match) return match.Groups[1].Value;
        }

        throw new UserErrorException("The agent ended before it listened.");
    }

    private static async Task<GroupBody> UntilReadyAsync(GroupClient client, long revision, Action<GroupBody> see, CancellationToken stop)
    {
        GroupBody? found = null;
        var watch = Stopwatch.StartNew();
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
        while (found is not { Status: "Ready" } || found.StableRevision != revision)
        {
            if (watch.Elapsed > ReadyLimit)
                throw new UserErrorException($"The group is not ready after {ReadyLimit.TotalMinutes:0} min.\n{(found is null ? "" : GroupDescription.Of(found, DateTimeOffset.UtcNow))}");
            await timer.WaitForNextTickAsync(stop);
            found = await client.GetAsync($"groups/{Group}", GroupJson.Default.GroupBody, stop);
            see(found);
        }

        return found;
    }

    private static async Task UntilAsync(Func<bool> condition, CancellationToken stop)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(stop);
        deadline.CancelAfter(ReadyLimit);
        while (!condition()) await timer.WaitForNextTickAsync(deadline.Token);
    }

    /// <summary>Until nothing runs any more that writes there.</summary>
    private static async Task EndInstancesAsync(string folder)
    {
        var instances = Path.Combine(folder, AgentOptions.Instances);
        foreach (var path in Directory.Exists(instances) ? Directory.EnumerateDirectories(instances) : [])
        {
            var instance = new InstanceFolder(path);
            if (instance.ReadProcess() is { } kept)
            {
                kept.Keeper.KillGroup();
                kept.Process.Kill();
                await UntilAsync(() => !kept.Process.IsAlive && !instance.IsKept, CancellationToken.None);
            }

            if (instance.ReadRecord() is { } record) await UntilAsync(() => new VolumeFolders(folder).TryRelease(record.Launch.Pod), CancellationToken.None);
        }
    }

    [GeneratedRegex("Groups: (http://[^/]+)/groups")]
    private static partial Regex ServerPattern();
}
