using ActorInference.Actors.Kv;
using ActorInference.Gpu.Cpu;

namespace ActorInference.Gpu.Tests.Cpu;

/// <summary>Each architecture against float64 PyTorch: biases, head norms, stretched rotations, tied and own heads, all weight types.</summary>
public sealed class ReferenceNumericsTests
{
    /// <summary>Float32 through two or three layers, against logits of the order of ten.</summary>
    private const float Tolerance = 2e-4f;

    /// <summary>Keys and values rounded to 11 bits, or to 8.</summary>
    private const float F16KvTolerance = 0.05f;
    private const float BF16KvTolerance = 0.4f;

    /// <summary>Seven bits, of the largest of 32 neighbours.</summary>
    private const float Q8KvTolerance = 0.6f;

    public static TheoryData<string, SimdLevel> Cases()
    {
        var cases = new TheoryData<string, SimdLevel>();
        foreach (var name in Fixture.Names)
        {
            foreach (var simd in Enum.GetValues<SimdLevel>()) cases.Add(name, simd);
        }

        return cases;
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Logits_match_the_reference_in_one_chunk_and_in_several(string name, SimdLevel simd)
    {
        var fixture = Fixture.Load(name);
        using var harness = new RunnerHarness(fixture.Folder, pageSize: 4, poolTokens: 512, simd: simd);

        foreach (var (position, expected) in fixture.Logits)
        {
            var prompt = fixture.Ids.AsSpan(0, position + 1);
            foreach (var chunk in new[] { 1, 7, 512 })
                AssertNear(expected, Prefill(harness, prompt, chunk), Tolerance);
        }
    }

    [Theory]
    [InlineData("qwen2", KvDtype.F16, F16KvTolerance)]
    [InlineData("qwen3", KvDtype.F16, F16KvTolerance)]
    [InlineData("llama3", KvDtype.F16, F16KvTolerance)]
    [InlineData("qwen2", KvDtype.BF16, BF16KvTolerance)]
    [InlineData("qwen3", KvDtype.BF16, BF16KvTolerance)]
    [InlineData("llama3", KvDtype.BF16, BF16KvTolerance)]
    [InlineData("qwen2", KvDtype.Q8_0, Q8KvTolerance)]
    [InlineData("qwen3", KvDtype.Q8_0, Q8KvTolerance)]
    [InlineData("llama3", KvDtype.Q8_0, Q8KvTolerance)]
    public void Narrow_keys_and_values_change_logits_by_no_more_than_their_rounding(string name, KvDtype dtype, float tolerance)
    {
        var fixture = Fixture.Load(name);
        using var harness = new RunnerHarness(fixture.Folder, kvDtype: dtype);

        foreach (var (position, expected) in fixture.Logits)
            AssertNear(expected, Prefill(harness, fixture.Ids.AsSpan(0, position + 1), 512), tolerance);
    }

    private static float[] Prefill(RunnerHarness harness, ReadOnlySpan<int> prompt, int chunk)
    {
        var pages = harness.Allocate(prompt.Length);
        var logits = harness.Prefill(prompt, pages, chunk);
        harness.Pool.Release(pages);
        return logits;
    }

    private static void AssertNear(float[] expected, float[] actual, float tolerance)
    {
        var worst = Enumerable.Range(0, expected.Length).MaxBy(i => Math.Abs(expected[i] - actual[i]));
        Assert.True(Math.Abs(expected[worst] - actual[worst]) <= tolerance, $"Logit {worst} is {actual[worst]}; expected {expected[worst]}.");
    }
}
