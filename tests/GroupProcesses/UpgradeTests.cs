using System.Diagnostics;
using System.Net.Http.Json;
using System.Text.Json.Nodes;

namespace ActorInference.GroupProcesses.Tests;

public sealed class UpgradeTests
{
    private static string Group(string note) => $$"""
        apiVersion: workloads.x-k8s.io/v1alpha2
        kind: RoleBasedGroup
        metadata:
          name: demo
        spec:
          roles:
          - name: prefill
            role: prefill
            settings: {threads: 1, management-port: none, cmd-port: none}
            env: [{name: NOTE, value: "{{note}}"}]
          - name: decode
            role: decode
            settings: {threads: 1, management-port: none, cmd-port: none}
            env: [{name: NOTE, value: "{{note}}"}]
          - name: router
            role: router
            dependencies: [prefill, decode]
            settings: {cmd-port: none}
        """;

    [SkippableFact]
    public async Task A_group_of_processes_comes_up_answers_survives_its_agent_and_is_upgraded_in_place()
    {
        RunningAgent.SkipWhereNoneCanRun();
        await using var agent = new RunningAgent();
        await agent.StartAsync();

        Assert.Contains("rolebasedgroup/demo created", await agent.ApplyAsync(Group("one")));
        var first = await agent.UntilReadyAsync("demo", 1);
        Assert.Equal(["demo-prefill-0", "demo-decode-0", "demo-router-0"], first.Instances.Select(instance => instance.Name));
        Assert.True(first.Instances[2].Processes[0].StartedAt >= first.Instances[0].Processes[0].StartedAt, "The router comes after prefill.");
        var port = first.Instances[2].Processes[0].Ports["http"];
        var answer = await AnswerAsync(port);
        await AwaitWorkerMetricsAsync(first.Instances[2].Processes[0].Ports["metrics"]);

        await agent.KillAsync();
        Assert.Equal(answer, await AnswerAsync(port));
        await agent.StartAsync();
        var adopted = await agent.UntilReadyAsync("demo", 1);
        Assert.Equal(first.Instances.Select(instance => instance.Processes[0].Pid), adopted.Instances.Select(instance => instance.Processes[0].Pid));

        await agent.ApplyAsync(Group("two"));
        var upgraded = await agent.UntilReadyAsync("demo", 2);
        Assert.Equal([1, 1, 0], upgraded.Instances.Select(instance => instance.Restarts));
        Assert.Equal(first.Instances.SelectMany(instance => instance.Processes[0].Ports), upgraded.Instances.SelectMany(instance => instance.Processes[0].Ports));
        Assert.Equal(answer, await AnswerAsync(port));

        Assert.Contains("demo-prefill-0", await agent.OutputAsync("get", "instances", "demo", "-o", "wide"));
        Assert.Contains("UpdatingInPlace", await agent.OutputAsync("describe", "demo"));
        Assert.Contains("stable", await agent.OutputAsync("rollout", "history", "demo"));
        await agent.DeleteAsync("demo");
    }

    [SkippableFact]
    public async Task What_is_wrong_with_a_file_is_told_with_its_lines_and_nothing_is_applied()
    {
        RunningAgent.SkipWhereNoneCanRun();
        await using var agent = new RunningAgent();
        await agent.StartAsync();
        var file = Path.Combine(agent.Data, "wrong.yaml");
        await File.WriteAllTextAsync(file, Group("one").Replace("[prefill, decode]", "[prefil]", StringComparison.Ordinal));

        var result = await agent.RunAsync("apply", "-f", file);

        Assert.Equal(2, result.ExitCode);
        Assert.Contains("prefil", result.Error);
        Assert.Contains("line", result.Error);
        Assert.Equal("", await agent.OutputAsync("get", "groups"));
    }

    /// <summary>What autoscaling reads, at the port that the role has without being told. A router that is too busy to answer leaves a gap.</summary>
    private static async Task AwaitWorkerMetricsAsync(int port)
    {
        using var http = new HttpClient { Timeout = RunningAgent.Patience };
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
        var (watch, metrics) = (Stopwatch.StartNew(), "");
        while (!(metrics = await http.GetStringAsync($"http://127.0.0.1:{port}/metrics")).Contains("actorinference_worker_pending_tokens{", StringComparison.Ordinal))
        {
            Assert.True(watch.Elapsed < RunningAgent.Patience, $"There are no metrics of workers:\n{metrics}");
            await timer.WaitForNextTickAsync();
        }
    }

    private static async Task<string> AnswerAsync(int port)
    {
        using var http = new HttpClient { Timeout = RunningAgent.Patience };
        var body = new { model = "demo", prompt = "The capital of France is", max_tokens = 8, temperature = 0 };
        using var response = await http.PostAsJsonAsync($"http://127.0.0.1:{port}/v1/completions", body);
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(response.IsSuccessStatusCode, text);
        return JsonNode.Parse(text)!["choices"]![0]!["text"]!.GetValue<string>();
    }
}
