using ActorInference.Actors.Kv;
using ActorInference.Gpu.Cpu;
using ActorInference.Gpu.Engine;
using ActorInference.Gpu.Kv;
using ActorInference.Gpu.Models;

namespace ActorInference.Gpu.Tests.Cpu;

public sealed class CpuModelRunnerTests : IDisposable
{
    private readonly RunnerHarness _harness = new(Fixture.Load("linear").Folder, pageSize: 16, poolTokens: 256, maxBatchTokens: 32);
    private readonly ForwardBatch _batch = new();

    public void Dispose() => _harness.Dispose();

    [Fact]
    public void An_empty_batch_is_refused() => AssertRefused("empty");

    [Fact]
    public void More_tokens_than_a_step_takes_are_refused()
    {
        _batch.Add(new int[33], 0, _harness.Allocate(48), wantLogits: true);

        AssertRefused("33 tokens");
    }

    [Fact]
    public void A_sequence_beyond_the_context_is_refused()
    {
        _batch.Add([1], _harness.Runner.MaxContextTokens, _harness.Allocate(144), wantLogits: true);

        AssertRefused("context");
    }

    [Fact]
    public void Too_few_pages_are_refused()
    {
        _batch.Add([1, 2], 15, _harness.Allocate(16), wantLogits: true);

        AssertRefused("1 pages");
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(16)]
    public void A_page_that_the_pool_lacks_is_refused(int page)
    {
        _batch.Add([1], 0, [page], wantLogits: true);

        AssertRefused($"page {page}");
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(261)]
    public void A_token_outside_the_vocabulary_is_refused(int token)
    {
        _batch.Add([token], 0, _harness.Allocate(1), wantLogits: true);

        AssertRefused($"token {token}");
    }

    [Fact]
    public void Logits_of_a_sequence_that_did_not_ask_are_refused()
    {
        _batch.Add([1], 0, _harness.Allocate(1), wantLogits: false);
        _batch.Add([2], 0, _harness.Allocate(1), wantLogits: true);

        _harness.Runner.Forward(_batch);

        Assert.Equal(_harness.Runner.VocabSize, _harness.Runner.Logits(1).Length);
        Assert.Throws<ArgumentOutOfRangeException>(() => _harness.Runner.Logits(0).Length);
        Assert.Throws<ArgumentOutOfRangeException>(() => _harness.Runner.Logits(2).Length);
        Assert.Throws<ArgumentOutOfRangeException>(() => _harness.Runner.Logits(-1).Length);
    }

    [Fact]
    public void Pages_of_another_shape_are_refused()
    {
        using var weights = ModelWeights.Load(Fixture.Load("linear").Folder);
        using var pool = new KvPagePool(new KvPageLayout(1, 16, 4, 8, KvDtype.F32), 4);

        var error = Assert.Throws<ArgumentException>(() => new CpuModelRunner(weights, pool, new CpuRunnerOptions()));

        Assert.Contains("4 heads of 8", error.Message);
    }

    [Fact]
    public void Two_runners_share_weights_and_pages()
    {
        var fixture = Fixture.Load("qwen2");
        using var weights = ModelWeights.Load(fixture.Folder);
        var config = weights.Config;
        using var pool = new KvPagePool(new KvPageLayout(config.Layers, 16, config.KvHeads, config.HeadDim, KvDtype.F32), 8);
        using var prefill = new CpuModelRunner(weights, pool, new CpuRunnerOptions { Threads = 2 });
        using var decode = new CpuModelRunner(weights, pool, new CpuRunnerOptions { Threads = 2 });
        int[] pages = [3, 1, 7, 0, 5, 2];

        _batch.Add(fixture.Ids.AsSpan(0, 89), 0, pages, wantLogits: false);
        prefill.Forward(_batch);
        _batch.Clear();
        _batch.Add(fixture.Ids.AsSpan(89, 1), 89, pages, wantLogits: true);
        decode.Forward(_batch);

        Assert.All(fixture.Logits[89].Zip(decode.Logits(0).ToArray()), pair => Assert.Equal(pair.First, pair.Second, 2e-4f));
    }

    private void AssertRefused(string part)
    {
        var error = Assert.Throws<ArgumentException>(() => _harness.Runner.Forward(_batch));
        Assert.Contains(part, error.Message);
    }
}
