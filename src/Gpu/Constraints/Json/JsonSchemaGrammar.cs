using System.Collections.Immutable;
using System.Text.Json;

namespace ActorInference.Gpu.Constraints.Json;

/// <summary>
/// A grammar of the JSON texts that a schema admits, with members in the schema's order. Keywords that only describe are passed over, as are those that
/// nobody has defined; one that restricts and is not supported is refused, so that no answer breaks its schema.
/// </summary>
/// <remarks>
/// Where a schema names properties and says nothing of others there are no others, as in OpenAI's strict schemas and in XGrammar: a model that may
/// invent members does.
/// </remarks>
internal sealed class JsonSchemaGrammar
{
    private const int MaxDepth = 64;
    private const string Root = "root";

    private static readonly string[] Refused =
    [
        "not", "if", "then", "else", "dependentSchemas", "dependentRequired", "dependencies", "patternProperties", "propertyNames", "minProperties", "maxProperties",
        "unevaluatedProperties", "unevaluatedItems", "contains", "minContains", "maxContains", "uniqueItems", "multipleOf", "$dynamicRef", "$recursiveRef", "additionalItems",
    ];

    private static readonly HashSet<string> Restricting =
    [
        "type", "properties", "required", "additionalProperties", "items", "prefixItems", "minItems", "maxItems", "pattern", "format", "minLength", "maxLength",
        "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "const", "enum", "anyOf", "oneOf", "allOf", "$ref",
    ];

    private readonly JsonElement _document;
    private readonly Dictionary<string, GrammarNode> _rules = new(JsonText.Rules);
    private readonly Dictionary<string, string> _references = [];
    private int _depth;

    private JsonSchemaGrammar(JsonElement document) => _document = document;

    /// <exception cref="ConstraintFormatException">It is no schema, or restricts in a way that is not supported. The message says where.</exception>
    public static Grammar Parse(string text)
    {
        JsonDocument document;
        try
        {
            document = JsonDocument.Parse(text);
        }
        catch (JsonException wrong)
        {
            throw new ConstraintFormatException($"The JSON schema is no JSON: {wrong.Message}");
        }

        using (document)
        {
            var grammar = new JsonSchemaGrammar(document.RootElement);
            grammar._rules[Root] = grammar.Of(new SchemaAt(document.RootElement, "#"));
            return new Grammar(grammar._rules, Root);
        }
    }

    internal GrammarNode Of(SchemaAt schema)
    {
        if (schema.Element.ValueKind == JsonValueKind.True) return JsonText.AnyValue;
        if (schema.Element.ValueKind == JsonValueKind.False) throw schema.Error("false, which admits nothing", "a schema that admits something");
        if (schema.Element.ValueKind != JsonValueKind.Object) throw schema.Error(schema.Element.ValueKind.ToString(), "an object, or true");
        foreach (var keyword in Refused)
        {
            if (schema.Has(keyword) is { } element && !SaysNothing(keyword, element)) throw schema.Error($"'{keyword}'", "a schema without it: this is not supported");
        }

        if (_depth++ == MaxDepth) throw schema.Error("more", $"schemas at most {MaxDepth} within each other");
        var node = Combined(schema);
        _depth--;
        return schema.Has("nullable") is { ValueKind: JsonValueKind.True } ? GrammarNode.OneOf(node, GrammarNode.Text("null")) : node;
    }

    private static bool SaysNothing(string keyword, JsonElement element) => keyword switch
    {
        "uniqueItems" => element.ValueKind == JsonValueKind.False,
        "minProperties" => element.ValueKind == JsonValueKind.Number && element.GetDouble() == 0,
        "multipleOf" => element.ValueKind == JsonValueKind.Number && element.GetDouble() == 1,
        _ => false,
    };

    private GrammarNode Combined(SchemaAt schema)
    {
        if (schema.Has("$ref") is { } reference) return Alone(schema, "$ref") ? Reference(schema, reference) : throw Beside(schema, "$ref");
        if (schema.Has("const") is { } constant) return OneOf(schema, "const", [constant]);
        if (schema.Has("enum") is not null) return OneOf(schema, "enum", schema.Items("enum").Select(static item => item.Element));
        foreach (var keyword in (string[])["anyOf", "oneOf"])
        {
            if (schema.Has(keyword) is not null) return Alone(schema, keyword) ? GrammarNode.OneOf([.. schema.Items(keyword).Select(Of)]) : throw Beside(schema, keyword);
        }

        if (schema.Has("allOf") is not null) return Alone(schema, "allOf") && schema.Items("allOf") is [var only] ? Of(only) : throw schema.Error("'allOf' of several schemas", "one with a single schema and no other keywords beside it: joining schemas is not supported");
        return GrammarNode.OneOf([.. Types(schema).Select(type => Typed(schema, type))]);
    }

    /// <summary>Those of some values that have the schema's type.</summary>
    private static GrammarNode OneOf(SchemaAt schema, string keyword, IEnumerable<JsonElement> values)
    {
        if (!Alone(schema, keyword, "type")) throw Beside(schema, keyword);
        var types = schema.Has("type") is null ? null : Types(schema).ToList();
        var admitted = values.Where(value => types is null || types.Exists(type => IsOf(value, type))).Select(JsonText.Constant).ToImmutableArray();
        return admitted.IsEmpty ? throw schema.Error($"'{keyword}' without a value of its type", "at least one") : GrammarNode.OneOf(admitted);
    }

    private static bool IsOf(JsonElement value, string type) => value.ValueKind switch
    {
        JsonValueKind.Object => type == "object",
        JsonValueKind.Array => type == "array",
        JsonValueKind.String => type == "string",
        JsonValueKind.Number => type == "number" || (type == "integer" && value.TryGetDecimal(out var number) && number == decimal.Truncate(number)),
        JsonValueKind.True or JsonValueKind.False => type == "boolean",
        _ => type == "null",
    };

    private static ConstraintFormatException Beside(SchemaAt schema, string keyword) =>
        schema.Error($"'{keyword}' and others that restrict beside it", $"'{keyword}' alone: joining schemas is not supported");

    /// <summary>Whether nothing beside a keyword restricts.</summary>
    private static bool Alone(SchemaAt schema, params IEnumerable<string> keywords) =>
        !schema.Element.EnumerateObject().Any(other => !keywords.Contains(other.Name) && Restricting.Contains(other.Name));

    /// <summary>A rule of its own, so that a schema may have itself within.</summary>
    private GrammarNode Reference(SchemaAt schema, JsonElement reference)
    {
        var path = reference.ValueKind == JsonValueKind.String ? reference.GetString()! : throw schema.Error("a '$ref' that is no string", "a string that begins with '#'");
        if (_references.TryGetValue(path, out var known)) return new GrammarNode.Rule(known);
        var name = $"schema {path}";
        _references[path] = name;
        _rules[name] = GrammarNode.Empty;   // Takes its place among the rules while what it has within refers to it.
        _rules[name] = Of(schema.Resolve(_document, path));
        return new GrammarNode.Rule(name);
    }

    private static IEnumerable<string> Types(SchemaAt schema)
    {
        if (schema.Has("type") is not { } type) return [Implied(schema)];
        if (type.ValueKind == JsonValueKind.String) return [type.GetString()!];
        return [.. schema.Items("type").Select(static item => item.Element.ValueKind == JsonValueKind.String
            ? item.Element.GetString()! : throw item.Error(item.Element.ToString(), "the name of a type"))];
    }

    private static string Implied(SchemaAt schema)
    {
        foreach (var (keywords, type) in (ReadOnlySpan<(string[], string)>)
        [
            (["properties", "required", "additionalProperties"], "object"), (["items", "prefixItems", "minItems", "maxItems"], "array"),
            (["pattern", "minLength", "maxLength", "format"], "string"), (["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"], "number"),
        ])
        {
            if (keywords.Any(keyword => schema.Has(keyword) is not null)) return type;
        }

        return "any";
    }

    private GrammarNode Typed(SchemaAt schema, string type) => type switch
    {
        "any" when schema.Has("type") is null => JsonText.AnyValue,
        "object" => new ObjectSchema(this, _rules).Of(schema),
        "array" => Array(schema),
        "string" => StringSchema.Of(schema),
        "integer" => NumberRange.Integers(schema.WholeLimit("minimum", "exclusiveMinimum", 1), schema.WholeLimit("maximum", "exclusiveMaximum", -1)),
        "number" => NumberRange.Numbers(schema.Limit("minimum", "exclusiveMinimum"), schema.Limit("maximum", "exclusiveMaximum")),
        "boolean" => GrammarNode.OneOf(GrammarNode.Text("true"), GrammarNode.Text("false")),
        "null" => GrammarNode.Text("null"),
        _ => throw schema.Error($"type '{type}'", "object, array, string, integer, number, boolean or null"),
    };

    private GrammarNode Array(SchemaAt schema)
    {
        var (min, max) = (schema.Count("minItems") ?? 0, schema.Count("maxItems"));
        if (max < min) throw schema.Error($"minItems {min} and maxItems {max}", "the smaller number first");
        var first = schema.Has("prefixItems") is null ? [] : schema.Items("prefixItems").Select(Of).ToImmutableArray();
        var items = schema.Has("items");
        var mayGoOn = items is null or not { ValueKind: JsonValueKind.False };
        if (first.IsEmpty && !mayGoOn) max = 0;
        if (first.IsEmpty)
        {
            var item = items is { } each && mayGoOn ? Of(schema.At("items", each)) : JsonText.AnyValue;
            return max == 0 ? JsonText.Braced('[', GrammarNode.Empty, ']') : JsonText.Array(item, min, max);
        }

        return JsonText.Braced('[', Tuple(schema, first, mayGoOn, items, min, max), ']');
    }

    /// <summary>All of the first items, then as many more as there may be.</summary>
    private GrammarNode Tuple(SchemaAt schema, ImmutableArray<GrammarNode> first, bool mayGoOn, JsonElement? items, int min, int? max)
    {
        var count = Math.Min(first.Length, max ?? first.Length);
        var parts = ImmutableArray.CreateBuilder<GrammarNode>();
        for (var i = 0; i < count; i++) parts.Add(i == 0 ? first[i] : JsonText.AfterComma(first[i]));
        if (min > count && !mayGoOn) throw schema.Error($"minItems {min}", $"at most {count}, the number of 'prefixItems'");
        if (mayGoOn && (max is null || max > count) && (items is not null || min > count))
        {
            var more = items is { } each ? Of(schema.At("items", each)) : JsonText.AnyValue;
            parts.Add(GrammarNode.Many(JsonText.AfterComma(more), Math.Max(0, min - count), max - count));
        }

        return GrammarNode.Of(parts.ToImmutable());
    }
}
