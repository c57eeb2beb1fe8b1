using System.Collections.Immutable;

namespace ActorInference.Gpu.Models;

/// <summary>What generation_config.json suggests for requests that say nothing. Null where the file is silent or absent.</summary>
public sealed record GenerationDefaults
{
    /// <summary>At least 0; 0 is greedy.</summary>
    public float? Temperature { get; init; }

    /// <summary>Probability mass kept, above 0 up to 1.</summary>
    public float? TopP { get; init; }

    /// <summary>Tokens kept; 0 keeps all.</summary>
    public int? TopK { get; init; }

    /// <summary>Above 0; 1 leaves logits as they are.</summary>
    public float? RepetitionPenalty { get; init; }

    /// <summary>False asks for greedy decoding.</summary>
    public bool? DoSample { get; init; }

    public ImmutableArray<int> EosTokenIds { get; init; } = [];

    /// <summary>Reads <c>generation_config.json</c>; a folder without one has no suggestions.</summary>
    /// <param name="vocabSize">Token ids must be below it.</param>
    /// <exception cref="ModelFormatException">A field is wrong.</exception>
    public static GenerationDefaults Load(string folder, int vocabSize = int.MaxValue)
    {
        var file = Path.Combine(folder, "generation_config.json");
        if (!File.Exists(file)) return new GenerationDefaults();
        var fields = JsonFields.Read(file, "a Hugging Face generation configuration");
        return new GenerationDefaults
        {
            Temperature = Optional(fields, "temperature", 0, 100),
            TopP = Optional(fields, "top_p", double.Epsilon, 1),
            TopK = fields.TryGet("top_k", out _) ? fields.Int("top_k", 0, int.MaxValue) : null,
            RepetitionPenalty = Optional(fields, "repetition_penalty", double.Epsilon, 100),
            DoSample = fields.TryGet("do_sample", out _) ? fields.Flag("do_sample", false) : null,
            EosTokenIds = [.. fields.TokenIds("eos_token_id", vocabSize)],
        };
    }

    private static float? Optional(JsonFields fields, string name, double min, double max) =>
        fields.TryGet(name, out _) ? (float)fields.Number(name, min, max) : null;
}
