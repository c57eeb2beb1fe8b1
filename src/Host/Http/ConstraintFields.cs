using System.Text.Json;
using ActorInference.Actors.Generation;
using ActorInference.Gpu.Constraints;

namespace ActorInference.Host.Http;

/// <summary>What a client wants its answers to be: SGLang's <c>regex</c>, <c>json_schema</c> and <c>ebnf</c>, or OpenAI's <c>response_format</c>.</summary>
public static class ConstraintFields
{
    /// <summary>SGLang's name for any JSON value.</summary>
    private const string AnyJson = "$$ANY$$";

    private static readonly string[] Unsupported = ["structural_tag", "stop_regex"];

    /// <returns>Null for answers of any kind.</returns>
    /// <exception cref="ApiException">There are several, or one that cannot be kept to.</exception>
    public static OutputConstraint? Read(JsonFields fields)
    {
        foreach (var field in Unsupported)
        {
            if (fields.Has(field)) throw ApiException.Unsupported(fields.Path(field), "this way to constrain the output");
        }

        (string Field, OutputConstraint? Constraint)[] all =
        [
            ("regex", Text(fields, "regex", OutputConstraintKind.Regex)), ("json_schema", Schema(fields)),
            ("ebnf", Text(fields, "ebnf", OutputConstraintKind.Grammar)), ("response_format", ResponseFormat(fields)),
        ];
        var given = all.Where(static each => each.Constraint is not null).ToList();
        if (given.Count == 0) return null;
        if (given.Count > 1) throw ApiException.Field(fields.Path(given[1].Field), $"given beside {given[0].Field}", "one of them");
        return Checked(given[0].Constraint!, fields.Path(given[0].Field));
    }

    /// <param name="path">Of the field that has it.</param>
    /// <exception cref="ApiException">It cannot be kept to.</exception>
    public static OutputConstraint Checked(OutputConstraint constraint, string path)
    {
        if (constraint.Text.Length > HttpLimits.MaxConstraintCharacters)
            throw ApiException.Field(path, $"of {constraint.Text.Length} characters", $"at most {HttpLimits.MaxConstraintCharacters}");
        try
        {
            ConstraintCheck.Check(constraint);
        }
        catch (ConstraintFormatException wrong)
        {
            throw new ApiException(ApiError.BadRequest($"{path}: {wrong.Message}", path), wrong);
        }

        return constraint;
    }

    private static OutputConstraint? Text(JsonFields fields, string name, OutputConstraintKind kind) => fields.Text(name) is { } text ? new OutputConstraint(kind, text) : null;

    /// <summary>A schema, or the text of one.</summary>
    private static OutputConstraint? Schema(JsonFields fields)
    {
        if (!fields.TryGet("json_schema", out var schema)) return null;
        if (schema.ValueKind != JsonValueKind.String) return OfSchema(schema);
        var text = JsonFields.Text(schema, fields.Path("json_schema"));
        return new OutputConstraint(OutputConstraintKind.JsonSchema, text == AnyJson ? "true" : text);
    }

    private static OutputConstraint? ResponseFormat(JsonFields fields)
    {
        if (fields.Object("response_format") is not { } format) return null;
        switch (format.Text("type"))
        {
            case "text": return null;
            case "json_object": return OutputConstraint.JsonObject;
            case "json_schema":
                if (format.Object("json_schema") is not { } named || !named.TryGet("schema", out var schema))
                    throw ApiException.Field(format.Path("json_schema.schema"), "missing", "a JSON schema");
                return OfSchema(schema);
            case null: throw ApiException.Field(format.Path("type"), "missing", "\"text\", \"json_object\" or \"json_schema\"");
            default: throw JsonFields.Wrong(format.Path("type"), format.Element.GetProperty("type"), "\"text\", \"json_object\" or \"json_schema\"");
        }
    }

    private static OutputConstraint OfSchema(JsonElement schema) => new(OutputConstraintKind.JsonSchema, schema.GetRawText());
}
