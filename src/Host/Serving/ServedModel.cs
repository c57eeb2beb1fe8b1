using System.Collections.Immutable;
using ActorInference.Gpu.ChatTemplates;
using ActorInference.Gpu.Tokenization;

namespace ActorInference.Host.Serving;

/// <summary>What the edge knows of the model that it serves. Immutable; shared by all requests.</summary>
public sealed record ServedModel
{
    /// <summary>Name that requests may use and answers carry.</summary>
    public required string Name { get; init; }

    /// <summary>Absolute path of its folder.</summary>
    public required string Folder { get; init; }

    public required Tokenizer Tokenizer { get; init; }

    /// <summary>Null if the model has none; then it takes no chat requests.</summary>
    public ChatTemplate? ChatTemplate { get; init; }

    /// <summary>Token ids are in <c>[0, VocabSize)</c>; at least the tokenizer's.</summary>
    public required int VocabSize { get; init; }

    /// <summary>Longest sequence, prompt and output together.</summary>
    public required int ContextTokens { get; init; }

    /// <summary>Tokens of a KV page.</summary>
    public required int PageSizeTokens { get; init; }

    /// <summary>Tokens that end a generation.</summary>
    public ImmutableArray<int> EosTokenIds { get; init; } = [];

    /// <summary>What the model's makers advise, where a request is silent.</summary>
    public SamplingDefaults Defaults { get; init; } = new();

    /// <summary>When it was loaded.</summary>
    public DateTimeOffset Created { get; init; } = DateTimeOffset.UnixEpoch;
}

/// <summary>Sampling values of a model's generation_config.json; null where it has none.</summary>
public sealed record SamplingDefaults(
    float? Temperature = null, float? TopP = null, int? TopK = null, float? MinP = null, float? RepetitionPenalty = null);
