using System.Diagnostics;
using System.Runtime.InteropServices;
using ActorInference.Actors.Generation;
using ActorInference.Cuda.Tests.Runner;
using ActorInference.Cuda.Tests.Testing;
using ActorInference.Gpu.Engine;
using ActorInference.Gpu.Kv;
using ActorInference.Gpu.Ranks;
using ActorInference.Gpu.Tests.Cpu;
using ActorInference.Gpu.Tests.Engine;

namespace ActorInference.Cuda.Tests.Ranks;

/// <summary>A model divided over two devices in two processes says what it says on one, and what becomes of it when one of them ends or hangs.</summary>
public sealed partial class RankedCudaRunnerTests
{
    /// <summary>SIGSTOP of Linux.</summary>
    private const int Stop = 19;

    private static readonly SamplingOptions[] Options =
    [
        new() { Temperature = 0, MaxNewTokens = 12 },
        new() { Temperature = 0.8f, Seed = 7, MaxNewTokens = 9 },
        new() { Temperature = 0.7f, RepetitionPenalty = 1.3f, Seed = 3, MaxNewTokens = 6 },
    ];

    [SkippableFact]
    public void Two_devices_say_token_by_token_what_one_says_and_their_pages_are_whole()
    {
        RankedCudaHarness.Require();
        var stories = Stories.Find();
        var cases = stories.Cases.Take(3).ToArray();
        using var harness = new RankedCudaHarness(stories.Folder);

        var generated = harness.Greedy([.. cases.Select(c => c.PromptIds)], [.. cases.Select(c => Math.Min(30, c.GreedyIds.Length))], chunk: 7);

        for (var i = 0; i < cases.Length; i++) Assert.Equal(cases[i].GreedyIds.Take(generated[i].Count), generated[i]);
        Assert.True(harness.Runner.RecordedSteps > 0, "Steps of single tokens are recorded.");

        using var alone = new CudaHarness(stories.Folder);
        // Chosen by the device, a step ahead of the host, and by the host.
        Assert.Equal(Run(alone.Runner, cases[0].PromptIds, out _), Run(harness.Runner, cases[0].PromptIds, out var ahead));
        Assert.True(ahead > 0, "Steps were launched ahead.");
        ComparePages(alone, harness, stories.Cases[3].PromptIds);
    }

    [SkippableFact]
    public void A_rank_that_is_killed_fails_the_step_and_another_one_goes_on_with_the_same_pages()
    {
        RankedCudaHarness.Require();
        var model = Fixture.Load("linear").Folder;
        int[] prompt = [1, 5, 9, 2, 7, 3];
        using var alone = new CudaHarness(model);
        using var harness = new RankedCudaHarness(model);
        var pages = harness.Allocate(32);
        harness.Prefill(prompt, pages, chunk: 4);
        var other = harness.OtherProcess();
        Process.GetProcessById(other).Kill();

        // The step may begin before it is known, and waits for the other device then.
        var failure = Assert.Throws<RankFailedException>(() => ForwardOften(harness, pages, prompt.Length));

        Assert.Equal((1, $"Rank 1, process {other}, has ended with exit code 137."), (failure.Rank, failure.Message));
        Assert.Throws<RankFailedException>(() => ForwardOften(harness, pages, prompt.Length));
        harness.Restart();
        Assert.NotEqual(other, harness.OtherProcess());
        Near.EqualOverall(Next(alone, alone.Allocate(32), prompt), Step(harness, pages, prompt.Length), 1e-4f, "what follows");
    }

    [SkippableFact]
    public void A_rank_that_hangs_fails_the_step_within_its_deadline()
    {
        RankedCudaHarness.Require();
        using var harness = new RankedCudaHarness(Fixture.Load("linear").Folder, stepDeadline: TimeSpan.FromMilliseconds(500));
        var other = harness.OtherProcess();
        Assert.Equal(0, Signal(other, Stop));
        var pages = harness.Allocate(8);

        var failure = Assert.Throws<RankFailedException>(() => Step(harness, pages, 0));

        Assert.Equal((1, "Rank 1 has not answered within 0.5 s."), (failure.Rank, failure.Message));
        harness.Runner.Discard();
        Assert.False(Directory.Exists($"/proc/{other}"), "It has ended.");
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Signal(int process, int signal);

    /// <summary>Single tokens, until one fails.</summary>
    private static void ForwardOften(RankedCudaHarness harness, int[] pages, int position)
    {
        for (var i = 0; i < 1000; i++) Step(harness, pages, position);
    }

    private static float[] Step(RankedCudaHarness harness, int[] pages, int position)
    {
        var batch = new ForwardBatch();
        batch.Add([4], position, pages, wantLogits: true);
        harness.Runner.Forward(batch);
        return harness.Runner.Logits(0).ToArray();
    }

    private static float[] Next(CudaHarness harness, int[] pages, int[] prompt) => harness.Prefill([.. prompt, 4], pages, chunk: 64);

    private static List<List<int>> Run(ISamplingRunner runner, int[] prompt, out long stepsAhead)
    {
        var events = new RecordingEvents(runner.Pages);
        var engine = new InferenceEngine(runner, new EngineOptions { StepTarget = TimeSpan.Zero }, events, TimeProvider.System);
        var ids = Options.Select((option, i) => engine.Add(new SequenceSpec([.. prompt.Skip(i)], [], option, SequenceMode.Generate))).ToList();
        while (engine.Step().DidWork) engine.CheckPages();
        Assert.Empty(events.Failures);
        stepsAhead = engine.StepsAhead;
        return [.. ids.Select(id => events.Tokens[id])];
    }

    /// <summary>Keys and values of all heads, in the order that one device has them.</summary>
    private static void ComparePages(CudaHarness alone, RankedCudaHarness harness, int[] prompt)
    {
        int[] theirs = alone.Allocate(prompt.Length), ours = harness.Allocate(prompt.Length);
        alone.Prefill(prompt, theirs, chunk: 64);
        harness.Prefill(prompt, ours, chunk: 64);
        Near.Equal(Filled(alone.Pool, theirs[0]), Filled(harness.Pool, ours[0]), 1e-4f, "page");

        var content = new byte[harness.Layout.PageBytes];
        new Random(5).NextBytes(content);
        harness.Pool.Write(ours[0], content);
        var read = new byte[content.Length];
        harness.Pool.Read(ours[0], read);
        var sums = new uint[1];
        harness.Pool.Sum([ours[0]], sums);
        Assert.Equal(content, read);
        Assert.Equal(Actors.Kv.PageChecksum.Compute(content), sums[0]);
    }

    /// <summary>A page that has a whole prompt's first tokens.</summary>
    private static float[] Filled(KvPagePool pool, int page)
    {
        var bytes = new byte[pool.Layout.PageBytes];
        pool.Read(page, bytes);
        return MemoryMarshal.Cast<byte, float>(bytes).ToArray();
    }
}
