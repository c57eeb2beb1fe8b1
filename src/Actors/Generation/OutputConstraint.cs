namespace ActorInference.Actors.Generation;

/// <summary>What a whole output must be. Workers choose only tokens that keep to it, and an end only where it is fulfilled.</summary>
/// <param name="Kind">How <paramref name="Text"/> is to be read.</param>
/// <param name="Text">The expression, schema or grammar; validated at the edge.</param>
public sealed record OutputConstraint(OutputConstraintKind Kind, string Text)
{
    /// <summary>Any JSON object.</summary>
    public static OutputConstraint JsonObject { get; } = new(OutputConstraintKind.JsonSchema, """{"type":"object"}""");
}

/// <summary>The languages of constraints. Numbers are part of the wire format.</summary>
public enum OutputConstraintKind
{
    /// <summary>A regular expression that the whole output matches.</summary>
    Regex = 1,

    /// <summary>A JSON schema; the output is a JSON text that it admits.</summary>
    JsonSchema = 2,

    /// <summary>A context-free grammar in extended Backus-Naur form, whose rule <c>root</c> derives the output.</summary>
    Grammar = 3,
}
