using System.Collections.Immutable;
using ActorInference.Actors.Generation;

namespace ActorInference.Actors.Serialization;

/// <summary>Sampling options as they are written.</summary>
internal static class SamplingForm
{
    private static readonly SamplingOptions Defaults = new();

    public static Wire.Sampling Write(SamplingOptions options)
    {
        var wire = new Wire.Sampling
        {
            MaxNewTokens = options.MaxNewTokens,
            MinNewTokens = options.MinNewTokens,
            Temperature = options.Temperature,
            TopK = options.TopK,
            TopP = options.TopP,
            MinP = options.MinP,
            RepetitionPenalty = options.RepetitionPenalty,
            PresencePenalty = options.PresencePenalty,
            FrequencyPenalty = options.FrequencyPenalty,
            Seed = options.Seed,
            IgnoreEos = options.IgnoreEos,
            PromptLookupTokens = options.PromptLookupTokens,
        };
        Fields.Add(wire.StopTokenIds, options.StopTokenIds);
        if (options.TopLogprobs is { } count) wire.TopLogprobs = count;
        if (options.LogitBias is { } biases) wire.LogitBias = Write(biases);
        if (options.Constraint is { } constraint) wire.Constraint = new Wire.Constraint { Kind = (int)constraint.Kind, Text = constraint.Text };
        return wire;
    }

    /// <exception cref="System.Runtime.Serialization.SerializationException">There are none, or biases lack their tokens.</exception>
    public static SamplingOptions Read(Wire.Sampling? sampling)
    {
        var wire = Fields.Required(sampling, "sampling");
        return new SamplingOptions
        {
            MaxNewTokens = wire.HasMaxNewTokens ? wire.MaxNewTokens : Defaults.MaxNewTokens,
            MinNewTokens = wire.MinNewTokens,
            Temperature = wire.HasTemperature ? wire.Temperature : Defaults.Temperature,
            TopK = wire.TopK,
            TopP = wire.HasTopP ? wire.TopP : Defaults.TopP,
            MinP = wire.MinP,
            RepetitionPenalty = wire.HasRepetitionPenalty ? wire.RepetitionPenalty : Defaults.RepetitionPenalty,
            PresencePenalty = wire.PresencePenalty,
            FrequencyPenalty = wire.FrequencyPenalty,
            Seed = wire.Seed,
            StopTokenIds = Fields.Array(wire.StopTokenIds),
            IgnoreEos = wire.IgnoreEos,
            LogitBias = wire.LogitBias is { } biases ? Read(biases) : null,
            TopLogprobs = wire.HasTopLogprobs ? wire.TopLogprobs : null,
            PromptLookupTokens = wire.PromptLookupTokens,
            // A kind that a later version knows is kept: the worker says that it does not.
            Constraint = wire.Constraint is { } constraint ? new OutputConstraint((OutputConstraintKind)constraint.Kind, constraint.Text) : null,
        };
    }

    private static Wire.LogitBias Write(ImmutableDictionary<int, float> biases)
    {
        var wire = new Wire.LogitBias();
        foreach (var (tokenId, bias) in biases)
        {
            wire.TokenIds.Add(tokenId);
            wire.Biases.Add(bias);
        }

        return wire;
    }

    private static ImmutableDictionary<int, float> Read(Wire.LogitBias wire)
    {
        Fields.CheckSameLength(wire.TokenIds.Count, "logit_bias.token_ids", wire.Biases.Count, "logit_bias.biases");
        var biases = ImmutableDictionary.CreateBuilder<int, float>();
        for (var i = 0; i < wire.TokenIds.Count; i++) biases[wire.TokenIds[i]] = wire.Biases[i];
        return biases.ToImmutable();
    }
}
