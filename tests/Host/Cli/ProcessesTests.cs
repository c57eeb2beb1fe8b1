using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using ActorInference.Host.Tests.Testing;
using static ActorInference.Host.Tests.Testing.GenerateCalls;

namespace ActorInference.Host.Tests.Cli;

/// <summary>Prefill and decode in processes of their own, and what happens when these die.</summary>
public sealed class ProcessesTests
{
    private const int Tokens = 400;

    [SkippableTheory]
    [InlineData("auto")]
    [InlineData("tcp")]
    public async Task A_process_for_each_role_continues_as_the_reference_does(string transport)
    {
        var folder = ReferenceModelTests.Folder();
        await using var server = await RunningServer.StartAsync("--model", folder, "--processes", "--transport", transport);

        foreach (var reference in ReferenceCase.Load(folder))
        {
            var answer = await PostAsync(server.Client, Greedy(reference.PromptIds, reference.GreedyIds.Length));
            Assert.Equal(reference.GreedyIds, Ids(answer));
        }

        var end = await server.TerminateAsync();
        Assert.True(end.ExitCode == 0, end.ToString());
    }

    [Fact]
    public async Task One_prompt_is_answered_as_in_one_process_over_either_transport()
    {
        string[] prompt = ["--prompt", "Hello!", "--max-tokens", "40"];
        var alone = await Executable.RunAsync(["up", .. prompt]);
        foreach (var transport in (string[])["auto", "tcp"])
        {
            var together = await Executable.RunAsync(["up", "--processes", "--transport", transport, .. prompt]);

            Assert.True(together.ExitCode == 0, together.ToString());
            Assert.Equal(alone.Output, together.Output);
        }
    }

    [SkippableTheory]
    [InlineData("decode")]
    [InlineData("prefill")]
    public async Task Streams_are_whole_although_a_process_is_killed_in_their_midst(string role)
    {
        Skip.IfNot(RoleProcesses.CanBeSeen, "processes are not seen under /proc here");
        await using var server = await RunningServer.StartAsync("--processes");
        var prompts = Enumerable.Range(0, 6).Select(i => Enumerable.Range(20 + i, 30 + i).ToArray()).ToList();
        var expected = new List<int[]>();
        foreach (var prompt in prompts) expected.Add(Ids(await PostAsync(server.Client, Greedy(prompt, Tokens))));
        var victim = RoleProcesses.Find(server.ProcessId, role) ?? throw new InvalidOperationException($"There is no {role} process.");
        var killed = 0;

        var streams = await Task.WhenAll(prompts.Select((prompt, i) => StreamAsync(server.Client, Greedy(prompt, Tokens), tokens =>
        {
            if (i == 0 && tokens >= 10 && Interlocked.Exchange(ref killed, 1) == 0) RoleProcesses.Kill(victim);
            return Task.CompletedTask;
        })));

        for (var i = 0; i < prompts.Count; i++) Assert.Equal(expected[i], streams[i]);
        await Deadline.UntilAsync(() => RoleProcesses.Find(server.ProcessId, role) is { } next && next != victim, $"another {role} process runs");
        Assert.Equal(expected[0], Ids(await PostAsync(server.Client, Greedy(prompts[0], Tokens))));
    }

    [Fact]
    public async Task Console_and_management_route_show_the_same_members()
    {
        await using var server = await RunningServer.StartAsync("--processes", "--management-port", "0", "--cmd-port", "0");
        var management = new Uri(Regex.Match(server.Output, @"curl (http://\S+)/ready").Groups[1].Value + "/cluster/members");
        var console = Regex.Match(server.Output, @"cmd (\S+)").Groups[1].Value;

        List<JsonNode> members = [];
        await Deadline.UntilAsync(
            async () =>
            {
                members = await MembersAsync(server, management);
                return members.Count(member => (string?)member["status"] == "Up") == 5;
            },
            "five members are up");
        var shown = await Executable.RunAsync("cmd", console, "cluster", "show");

        Assert.True(shown.ExitCode == 0, shown.ToString());
        Assert.Equal(["cache-master", "cache-store", "decode", "gateway", "prefill"], members.Select(member => (string?)member["roles"]![0]).Order());
        foreach (var member in members) Assert.Matches($@"{Regex.Escape((string)member["node"]!)}\s+Up\s+{(string?)member["roles"]![0]}", shown.Output);
    }

    [SkippableFact]
    public async Task Processes_end_with_the_server_that_started_them_even_if_it_is_killed()
    {
        Skip.IfNot(RoleProcesses.CanBeSeen, "processes are not seen under /proc here");
        await using var server = await RunningServer.StartAsync("--processes");
        var workers = new[] { "prefill", "decode" }.Select(role => RoleProcesses.Find(server.ProcessId, role)!.Value).ToList();

        RoleProcesses.Kill(server.ProcessId);

        await Deadline.UntilAsync(() => !workers.Any(RankChildren.IsAlive), "both workers have ended");
    }

    private static async Task<List<JsonNode>> MembersAsync(RunningServer server, Uri route) =>
        [.. JsonNode.Parse(await server.Client.GetStringAsync(route))!["members"]!.AsArray().Select(member => member!)];
}
