using ActorInference.Gpu.Models;
using ActorInference.Gpu.Tests.Cpu;

namespace ActorInference.Gpu.Tests.Ranks;

public sealed class ModelShardTests
{
    public static TheoryData<string, int> Divisible() => new()
    {
        { "qwen2", 2 }, { "llama3", 5 }, { "linear", 2 }, { "mistral", 2 }, { "phi3", 2 }, { "gemma2", 2 }, { "mixtral", 2 }, { "qwen3moe", 2 },
    };

    [Theory]
    [MemberData(nameof(Divisible))]
    public void Every_number_is_one_ranks_unless_it_is_everyones(string fixture, int ranks)
    {
        var model = Fixture.Load(fixture).Folder;
        var config = ModelConfig.Load(model);
        var shards = Enumerable.Range(0, ranks).Select(rank => ModelShard.Of(model, config, rank, ranks)).ToList();

        foreach (var spec in ModelTensors.All(config))
        {
            var (rows, columns) = (spec.Shape[0], spec.Shape.Length > 1 ? spec.Shape[1] : 1);
            var parts = shards.Select(shard => shard.PartOf(spec.Name, rows, columns)).ToList();
            var isWhole = spec.Role == TensorRole.Norm || spec.Name.EndsWith("gate.weight", StringComparison.Ordinal)
                || (spec.Role == TensorRole.Bias && (spec.Name.Contains("o_proj", StringComparison.Ordinal) || spec.Name.Contains("down_proj", StringComparison.Ordinal)));
            if (isWhole)
            {
                Assert.All(parts, part => Assert.Equal(new TensorPart(0, rows, 0, columns), part));
                continue;
            }

            var owners = new int[rows * columns];
            foreach (var part in parts)
            {
                for (var row = part.FirstRow; row < part.FirstRow + part.Rows; row++)
                {
                    for (var column = part.FirstColumn; column < part.FirstColumn + part.Columns; column++) owners[row * columns + column]++;
                }
            }

            Assert.True(owners.All(count => count == 1), $"{spec.Name} is not divided: {string.Join(", ", parts)}.");
        }

        for (var token = 0; token < config.VocabSize; token++)
        {
            var owner = shards[shards[0].RankOf(token)];
            Assert.InRange(token, owner.FirstToken, owner.FirstToken + owner.Tokens - 1);
        }
    }

    [Theory]
    [InlineData(3, "2 KV heads")]
    [InlineData(17, "1 to 16")]
    public void Ranks_that_do_not_divide_the_heads_are_refused(int ranks, string reason)
    {
        var model = Fixture.Load("qwen2").Folder;

        var error = Assert.Throws<IndivisibleModelException>(() => ModelShard.Of(model, ModelConfig.Load(model), 0, ranks));

        Assert.Contains($"{ranks} ranks", error.Message, StringComparison.Ordinal);
        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Rows_of_blocks_are_cut_between_blocks_or_not_at_all()
    {
        var shape = ModelShape.Custom(layers: 1, hidden: 256, heads: 4, kvHeads: 2, headDim: 64, ffn: 768, vocab: 300).Config;

        var parts = Enumerable.Range(0, 2).Select(rank => ModelShard.Of(shape, Types(WeightDtype.Q8_0, WeightDtype.Q4_K), rank, 2)).ToList();
        var refused = Assert.Throws<IndivisibleModelException>(() => ModelShard.Of(shape, Types(WeightDtype.Q4_K, WeightDtype.Q8_0), 0, 2));
        var tooFew = Assert.Throws<IndivisibleModelException>(
            () => ModelShard.Of(shape with { IntermediateSize = 256 }, Types(WeightDtype.Q8_0, WeightDtype.Q6_K), 0, 2));

        Assert.Equal([(0, 256), (256, 512)], parts.Select(part => (part.FirstColumn, part.Config.IntermediateSize)));
        Assert.Contains("128 inputs of model.layers.0.self_attn.o_proj.weight, which is Q4_K and can only be cut at multiples of 256", refused.Message, StringComparison.Ordinal);
        Assert.Contains("1 whole blocks", tooFew.Message, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Divisible))]
    public void A_rank_has_its_share_of_the_memory(string fixture, int ranks)
    {
        var model = Fixture.Load(fixture).Folder;
        var config = ModelConfig.Load(model);
        using var whole = ModelWeights.Load(model, simd: Gpu.Cpu.SimdLevel.Bits128);
        long parts = 0;
        for (var rank = 0; rank < ranks; rank++)
        {
            using var part = ModelWeights.Load(model, ModelShard.Of(model, config, rank, ranks), simd: Gpu.Cpu.SimdLevel.Bits128);
            parts += part.LengthBytes;
        }

        // What every rank has, norms, routers and the padding of panels, weighs more in models this small than ever after.
        Assert.InRange(parts, whole.LengthBytes, whole.LengthBytes * 1.5);
    }

    private static IEnumerable<(string Name, WeightDtype Dtype)> Types(WeightDtype output, WeightDtype down) =>
        [("model.layers.0.self_attn.q_proj.weight", WeightDtype.Q4_K), ("model.layers.0.self_attn.o_proj.weight", output), ("model.layers.0.mlp.down_proj.weight", down)];
}
