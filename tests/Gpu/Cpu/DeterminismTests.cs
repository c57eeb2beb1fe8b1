using ActorInference.Actors.Kv;
using ActorInference.Gpu.Cpu;
using ActorInference.Gpu.Engine;

namespace ActorInference.Gpu.Tests.Cpu;

/// <summary>A sequence's logits are the same bits however the work was cut up: what continuous batching and re-dispatch rest on.</summary>
public sealed class DeterminismTests
{
    public static TheoryData<string, KvDtype> Cases()
    {
        var cases = new TheoryData<string, KvDtype>();
        foreach (var name in Fixture.Names)
        {
            foreach (var dtype in CpuModelRunner.KvDtypes) cases.Add(name, dtype);
        }

        return cases;
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Logits_are_bit_equal_for_any_chunk_page_size_and_thread_count(string name, KvDtype dtype)
    {
        var fixture = Fixture.Load(name);
        float[]? first = null;

        foreach (var (pageSize, threads) in new[] { (1, 1), (16, 2), (64, 3), (128, 4) })
        {
            using var harness = new RunnerHarness(fixture.Folder, pageSize, threads: threads, kvDtype: dtype);
            foreach (var chunk in new[] { 1, 3, 16, 33, 64, 512 })
            {
                var pages = harness.Allocate(fixture.Ids.Length);
                var logits = harness.Prefill(fixture.Ids, pages, chunk);
                harness.Pool.Release(pages);
                first ??= logits;
                Assert.Equal(first, logits);
            }
        }
    }

    [Theory]
    [InlineData("qwen2", 11)]
    [InlineData("qwen3", 12)]
    [InlineData("llama3", 13)]
    public void Logits_are_bit_equal_alone_and_in_any_mixed_batch(string name, int seed)
    {
        var fixture = Fixture.Load(name);
        var random = new Random(seed);
        using var harness = new RunnerHarness(fixture.Folder, pageSize: 8);
        var alone = harness.Prefill(fixture.Ids, harness.Allocate(fixture.Ids.Length), 512);

        for (var round = 0; round < 20; round++)
            AssertSameInCompany(harness, fixture.Ids, alone, random, seed);
    }

    /// <summary>Prefills the prompt in random chunks, each in a batch with random chunks of other sequences before and after it.</summary>
    private static void AssertSameInCompany(RunnerHarness harness, int[] prompt, float[] alone, Random random, int seed)
    {
        var pages = harness.Allocate(prompt.Length);
        var others = Enumerable.Range(0, random.Next(1, 12)).Select(_ => harness.Allocate(prompt.Length)).ToArray();
        var othersDone = new int[others.Length];
        var batch = new ForwardBatch();
        for (var done = 0; done < prompt.Length;)
        {
            batch.Clear();
            var index = -1;
            var count = Math.Min(random.Next(1, 40), prompt.Length - done);
            var turn = random.Next(others.Length);
            for (var other = 0; other < others.Length; other++)
            {
                if (other == turn) index = batch.Add(prompt.AsSpan(done, count), done, pages, wantLogits: true);
                var chunk = Math.Min(random.Next(0, 9), prompt.Length - othersDone[other]);
                if (chunk == 0) continue;
                var tokens = Enumerable.Range(0, chunk).Select(_ => random.Next(harness.Config.VocabSize)).ToArray();
                batch.Add(tokens, othersDone[other], others[other], wantLogits: random.Next(2) == 0);
                othersDone[other] += chunk;
            }

            harness.Runner.Forward(batch);
            done += count;
            if (done == prompt.Length) Assert.True(alone.AsSpan().SequenceEqual(harness.Runner.Logits(index)), $"Differs in company; seed {seed}.");
        }

        harness.Pool.Release(pages);
        foreach (var held in others) harness.Pool.Release(held);
    }
}
