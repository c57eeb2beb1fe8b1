using System.Text.Json.Nodes;
using ActorInference.Host.Tests.Testing;
using static ActorInference.Host.Tests.Testing.GenerateCalls;

namespace ActorInference.Host.Tests.Cli;

/// <summary>A model divided over processes: what it says, and what happens when these die, hang, or lose the one that started them.</summary>
public sealed class TensorParallelTests
{
    private const int Tokens = 300;

    [SkippableFact]
    public async Task Two_ranks_continue_as_the_reference_does_and_end_with_their_server_even_if_it_is_killed()
    {
        Skip.IfNot(RankChildren.CanBeSeen, "this system has no ranks, or does not show processes");
        var folder = ReferenceModelTests.Folder();
        await using var server = await RunningServer.StartAsync("--model", folder, "--tensor-parallel", "2");
        var ranks = RankChildren.Of(server.ProcessId);
        Assert.Single(ranks);
        Assert.NotEmpty(RankChildren.SharedFilesOf(server.ProcessId));

        // The second time from cached pages.
        for (var round = 0; round < 2; round++) await CheckAllAsync(server, folder);
        RoleProcesses.Kill(server.ProcessId);

        await Deadline.UntilAsync(() => !ranks.Any(RankChildren.IsAlive), "the rank has ended");
        await Deadline.UntilAsync(() => RankChildren.SharedFilesOf(server.ProcessId).Count == 0, "what it shared is gone");
    }

    [SkippableFact]
    public async Task Pages_go_from_ranks_that_prefill_to_ranks_that_decode()
    {
        Skip.IfNot(RankChildren.CanBeSeen, "this system has no ranks, or does not show processes");
        var folder = ReferenceModelTests.Folder();
        await using var server = await RunningServer.StartAsync("--model", folder, "--processes", "--tensor-parallel", "2");
        var ranks = RankChildren.Of(server.ProcessId);
        Assert.Equal(2, ranks.Count);

        await CheckAllAsync(server, folder);
        var end = await server.TerminateAsync();

        Assert.True(end.ExitCode == 0, end.ToString());
        await Deadline.UntilAsync(() => !ranks.Any(RankChildren.IsAlive), "both ranks have ended");
    }

    [SkippableFact]
    public async Task Streams_are_whole_although_a_rank_is_killed_and_the_next_one_hangs()
    {
        Skip.IfNot(RankChildren.CanBeSeen, "this system has no ranks, or does not show processes");
        // Longer than a rank that does not hang may be kept from the processor on a busy machine.
        await using var server = await RunningServer.StartAsync("--tensor-parallel", "2", "--set", "actor-inference.tensor-parallel.step-deadline=8s");
        var prompts = Enumerable.Range(0, 4).Select(i => Enumerable.Range(20 + i, 30 + i).ToArray()).ToList();
        var expected = new List<int[]>();
        foreach (var prompt in prompts) expected.Add(Ids(await PostAsync(server.Client, Greedy(prompt, Tokens))));

        foreach (var signal in new[] { "-KILL", "-STOP" })
        {
            IReadOnlyList<int> ranks = [];
            await Deadline.UntilAsync(() => (ranks = RankChildren.Of(server.ProcessId)).Count == 1, "the other rank is there");
            var victim = ranks[0];
            var streams = await StreamAllAsync(server, prompts, async () => await SendAsync(signal, victim));
            for (var i = 0; i < prompts.Count; i++) Assert.Equal(expected[i], streams[i]);
            // If all streams had ended before the signal came, this is the one that it meets.
            Assert.Equal(expected[0], Ids(await PostAsync(server.Client, Greedy(prompts[0], Tokens))));
            await Deadline.UntilAsync(() => !RankChildren.IsAlive(victim) && RankChildren.Of(server.ProcessId).Count == 1, "another rank has taken its place");
        }

        var end = await server.TerminateAsync();
        Assert.True(end.ExitCode == 0, end.ToString());
        Assert.Contains("has ended with exit code 137", end.Error, StringComparison.Ordinal);
        Assert.Contains("Rank 1 has not answered within 8 s.", end.Error, StringComparison.Ordinal);
        await Deadline.UntilAsync(() => RankChildren.SharedFilesOf(server.ProcessId).Count == 0, "what it shared is gone");
    }

    [SkippableFact]
    public async Task Processes_add_their_numbers_up_in_shared_memory()
    {
        Skip.IfNot(RankChildren.CanBeSeen, "this system has no ranks");

        var result = await Executable.RunAsync("bench", "ranks", "--ranks", "3", "--rounds", "300", "--floats", "1", "100", "5000", "--json");

        Assert.True(result.ExitCode == 0, result.ToString());
        Assert.Equal([(1, 0), (100, 0), (5000, 0)], JsonNode.Parse(result.Output)!.AsArray().Select(size => ((int)size!["floats"]!, (int)size["wrong"]!)));
    }

    [SkippableTheory]
    [InlineData("up", "--tensor-parallel", "3", "--prompt", "x")]
    [InlineData("up", "--tensor-parallel", "3", "--processes", "--prompt", "x")]
    public async Task Ranks_that_do_not_divide_the_model_are_refused_at_once(params string[] arguments)
    {
        Skip.IfNot(RankChildren.CanBeSeen, "this system has no ranks");

        var result = await Executable.RunAsync(arguments);

        Assert.True(result.ExitCode == 2, result.ToString());
        Assert.Contains("--tensor-parallel is '3'; expected a number of ranks that the model can be divided by: 3 ranks are wanted; the model has 2 KV heads", result.Error, StringComparison.Ordinal);
    }

    private static async Task CheckAllAsync(RunningServer server, string folder)
    {
        foreach (var reference in ReferenceCase.Load(folder))
            Assert.Equal(reference.GreedyIds, Ids(await PostAsync(server.Client, Greedy(reference.PromptIds, reference.GreedyIds.Length))));
    }

    /// <param name="atTen">Done when the first stream has ten tokens.</param>
    private static async Task<int[][]> StreamAllAsync(RunningServer server, List<int[]> prompts, Func<Task> atTen)
    {
        var isDone = 0;
        return await Task.WhenAll(prompts.Select((prompt, i) => StreamAsync(server.Client, Greedy(prompt, Tokens), async tokens =>
        {
            if (i == 0 && tokens >= 10 && Interlocked.Exchange(ref isDone, 1) == 0) await atTen();
        })));
    }

    private static async Task SendAsync(string signal, int process)
    {
        var kill = await ChildProcess.RunAsync("kill", [signal, $"{process}"], Executable.Limit);
        Assert.True(kill.ExitCode == 0, kill.ToString());
    }
}
