namespace ActorInference.Gpu.Models;

/// <summary>The part of a tensor that a rank has.</summary>
/// <param name="FirstRow">First of its rows (outputs).</param>
/// <param name="FirstColumn">First of its columns (inputs).</param>
internal readonly record struct TensorPart(int FirstRow, int Rows, int FirstColumn, int Columns);

/// <summary>
/// What one of several ranks has of a model, divided as in Megatron-LM (Shoeybi et al., 2019): projections that read the residual
/// stream by outputs, which are whole heads or columns of the feed-forward part; projections that add to it by the same as inputs, so that the
/// ranks' outputs are added; embeddings and output head by tokens. Norms and routers every rank has.
/// </summary>
public sealed record ModelShard
{
    /// <summary>Ranks of one model at most.</summary>
    public const int MaxRanks = 16;

    private ModelShard(ModelConfig model, ModelConfig own, int rank, int ranks) => (Model, Config, Rank, Ranks) = (model, own, rank, ranks);

    /// <summary>The whole model.</summary>
    public ModelConfig Model { get; }

    /// <summary>What the rank computes: its heads and its feed-forward columns. All else is the model's, the vocabulary too.</summary>
    public ModelConfig Config { get; }

    /// <summary>From 0.</summary>
    public int Rank { get; }

    public int Ranks { get; }

    public int FirstKvHead => Rank * Config.KvHeads;

    /// <summary>Of the feed-forward part.</summary>
    public int FirstColumn { get; private init; }

    /// <summary>First of the tokens whose embeddings and logits the rank has.</summary>
    public int FirstToken => FirstTokenOf(Rank);

    public int Tokens => FirstTokenOf(Rank + 1) - FirstToken;

    /// <summary>A model that is not divided.</summary>
    public static ModelShard Whole(ModelConfig model) => new(model, model, 0, 1);

    /// <summary>Divides the model in some files.</summary>
    /// <param name="model">A Hugging Face model folder, or a GGUF file.</param>
    /// <param name="config">As it says there.</param>
    /// <exception cref="IndivisibleModelException">It cannot be divided so.</exception>
    /// <exception cref="ModelFormatException">A file is wrong.</exception>
    public static ModelShard Of(string model, ModelConfig config, int rank, int ranks) => ranks == 1
        ? Whole(config)
        : Of(config, ModelFiles.Tensors(model, config).Zip(ModelTensors.All(config), static (entry, spec) => (spec.Name, TypeOf(entry))), rank, ranks);

    /// <summary>Divides a model whose tensors have given types.</summary>
    /// <param name="types">Of all tensors, by their Hugging Face names.</param>
    /// <exception cref="IndivisibleModelException">As above.</exception>
    internal static ModelShard Of(ModelConfig config, IEnumerable<(string Name, WeightDtype Dtype)> types, int rank, int ranks)
    {
        if (ranks is < 1 or > MaxRanks) throw new IndivisibleModelException($"{ranks} ranks are wanted; there can be 1 to {MaxRanks}.");
        ArgumentOutOfRangeException.ThrowIfNegative(rank);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(rank, ranks);
        if (config.KvHeads % ranks != 0)
            throw new IndivisibleModelException($"{ranks} ranks are wanted; the model has {config.KvHeads} KV heads, which must be a multiple of the ranks.");
        if (config.VocabSize < ranks) throw new IndivisibleModelException($"{ranks} ranks are wanted; the vocabulary has {config.VocabSize} tokens.");
        var heads = config.Heads / ranks;
        var unit = CheckBlocks(config, types, heads * config.HeadDim, ranks);
        var units = config.IntermediateSize / unit;
        if (units < ranks)
            throw new IndivisibleModelException($"{ranks} ranks are wanted; the feed-forward part's {config.IntermediateSize} columns fall into {units} whole blocks of weights.");
        int First(int of) => of == ranks ? config.IntermediateSize : (int)((long)units * of / ranks) * unit;
        var own = config with { Heads = heads, KvHeads = config.KvHeads / ranks, IntermediateSize = First(rank + 1) - First(rank) };
        return new ModelShard(config, own, rank, ranks) { FirstColumn = First(rank) };
    }

    /// <summary>First of the tokens of a rank; for the number of ranks, where the vocabulary ends.</summary>
    public int FirstTokenOf(int rank) => (int)((long)Model.VocabSize * rank / Ranks);

    /// <summary>Which rank has a token's embedding.</summary>
    public int RankOf(int token)
    {
        var guess = (int)((long)token * Ranks / Model.VocabSize);
        while (token >= FirstTokenOf(guess + 1)) guess++;
        while (token < FirstTokenOf(guess)) guess--;
        return guess;
    }

    /// <summary>What the rank has of a tensor.</summary>
    /// <param name="name">As Hugging Face names it.</param>
    /// <param name="rows">Of the whole tensor.</param>
    /// <param name="columns">The same; 1 for a vector.</param>
    internal TensorPart PartOf(string name, int rows, int columns)
    {
        if (Ranks == 1) return new TensorPart(0, rows, 0, columns);
        if (name is ModelTensors.Embedding or ModelTensors.Head) return new TensorPart(FirstToken, Tokens, 0, columns);
        return KindOf(name) switch
        {
            "q_proj" => new TensorPart(Rank * Config.QuerySize, Config.QuerySize, 0, columns),
            "k_proj" or "v_proj" => new TensorPart(Rank * Config.KvSize, Config.KvSize, 0, columns),
            "gate_proj" or "up_proj" or "w1" or "w3" => new TensorPart(FirstColumn, Config.IntermediateSize, 0, columns),
            "o_proj" when columns > 1 => new TensorPart(0, rows, Rank * Config.QuerySize, Config.QuerySize),
            "down_proj" or "w2" when columns > 1 => new TensorPart(0, rows, FirstColumn, Config.IntermediateSize),
            _ => new TensorPart(0, rows, 0, columns),
        };
    }

    /// <summary>Rows of blocks can be cut between blocks only.</summary>
    /// <returns>What the feed-forward part's columns can be cut into.</returns>
    private static int CheckBlocks(ModelConfig config, IEnumerable<(string Name, WeightDtype Dtype)> types, int querySize, int ranks)
    {
        var unit = 1;
        foreach (var (name, dtype) in types)
        {
            var block = dtype.BlockElements();
            switch (KindOf(name))
            {
                case "o_proj" when querySize % block != 0:
                    throw new IndivisibleModelException($"{ranks} ranks are wanted; each would have {querySize} inputs of {name}, "
                        + $"which is {dtype} and can only be cut at multiples of {block}.");
                case "down_proj" or "w2":
                    unit = Math.Max(unit, block);
                    break;
            }
        }

        return config.IntermediateSize % unit == 0 ? unit
            : throw new IndivisibleModelException($"The feed-forward part has {config.IntermediateSize} columns, no whole number of blocks of {unit}.");
    }

    /// <summary>The last name but <c>weight</c> or <c>bias</c>.</summary>
    private static string KindOf(string name)
    {
        var parts = name.Split('.');
        return parts.Length < 2 ? name : parts[^2];
    }

    private static WeightDtype TypeOf(TensorEntry entry) => WeightDtypes.TryParse(entry.Dtype, out var dtype) ? dtype : WeightDtype.F32;
}
