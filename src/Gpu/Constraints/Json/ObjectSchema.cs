using System.Text.Json;

namespace ActorInference.Gpu.Constraints.Json;

/// <summary>
/// Objects of a schema. Each property is a rule twice, for whether another came before it, as a comma depends on that; each goes on with the rule of the next, so that
/// any number of optional ones takes as many rules and not all their combinations.
/// </summary>
internal sealed class ObjectSchema(JsonSchemaGrammar schemas, Dictionary<string, GrammarNode> rules)
{
    private sealed record Property(GrammarNode Member, bool IsRequired);

    public GrammarNode Of(SchemaAt schema)
    {
        var properties = Properties(schema);
        var others = Others(schema, hasProperties: properties.Count > 0);
        if (properties.Count == 0) return others is null ? JsonText.Braced('{', GrammarNode.Empty, '}') : others == JsonText.AnyValue ? JsonText.AnyObject : JsonText.Object([Named(others)]);
        var prefix = $"{schema.Path} members {rules.Count}";
        rules[Rule(prefix, properties.Count, hasBefore: true)] = others is null ? GrammarNode.Empty : GrammarNode.Many(JsonText.AfterComma(Named(others)));
        rules[Rule(prefix, properties.Count, hasBefore: false)] = others is null ? GrammarNode.Empty : JsonText.Listed(Named(others), 0, null);
        for (var i = 0; i < properties.Count; i++)
        {
            foreach (var hasBefore in (bool[])[true, false])
            {
                var next = new GrammarNode.Rule(Rule(prefix, i + 1, hasBefore: true));
                var with = GrammarNode.Of(hasBefore ? JsonText.AfterComma(properties[i].Member) : properties[i].Member, next);
                rules[Rule(prefix, i, hasBefore)] = properties[i].IsRequired ? with : GrammarNode.OneOf(with, new GrammarNode.Rule(Rule(prefix, i + 1, hasBefore)));
            }
        }

        return JsonText.Braced('{', new GrammarNode.Rule(Rule(prefix, 0, hasBefore: false)), '}');
    }

    private static string Rule(string prefix, int index, bool hasBefore) => $"{prefix} {index} {(hasBefore ? "after" : "first")}";

    private static GrammarNode Named(GrammarNode value) => JsonText.Member(JsonText.AnyString, value);

    private List<Property> Properties(SchemaAt schema)
    {
        var required = Required(schema);
        var properties = new List<Property>();
        var known = new HashSet<string>();
        if (schema.Has("properties") is { } named)
        {
            var at = schema.At("properties", named);
            if (named.ValueKind != JsonValueKind.Object) throw at.Error(named.ValueKind.ToString(), "an object");
            foreach (var property in named.EnumerateObject())
            {
                if (!known.Add(property.Name)) throw at.Error($"'{property.Name}' twice", "each property once");
                properties.Add(new Property(JsonText.Member(JsonText.Constant(property.Name), schemas.Of(at.At(property.Name, property.Value))), required.Contains(property.Name)));
            }
        }

        foreach (var name in required.Where(name => !known.Contains(name)))
        {
            if (Others(schema, hasProperties: false) is not { } others) throw schema.Error($"'{name}' under 'required'", "only names of 'properties', since there are to be no others");
            properties.Add(new Property(JsonText.Member(JsonText.Constant(name), others), IsRequired: true));
        }

        return properties;
    }

    private static List<string> Required(SchemaAt schema)
    {
        if (schema.Has("required") is not { } required) return [];
        if (required.ValueKind != JsonValueKind.Array || required.EnumerateArray().Any(static name => name.ValueKind != JsonValueKind.String))
            throw schema.At("required", required).Error(required.ToString(), "a list of names");
        return [.. required.EnumerateArray().Select(static name => name.GetString()!)];
    }

    /// <returns>What properties that are not named may be; null if there are to be none.</returns>
    private GrammarNode? Others(SchemaAt schema, bool hasProperties)
    {
        if (schema.Has("additionalProperties") is not { } others) return hasProperties ? null : JsonText.AnyValue;
        return others.ValueKind == JsonValueKind.False ? null : schemas.Of(schema.At("additionalProperties", others));
    }
}
