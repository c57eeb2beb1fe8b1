using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Nodes;
using ActorInference.Actors.Generation;

namespace ActorInference.Host.Http.OpenAi.Tools;

/// <summary>The tools that a client has, and whether one is to be called.</summary>
/// <param name="Tools">For the chat template; null for none.</param>
/// <param name="Names">Of the functions that the answer may call; empty where calls are not looked for.</param>
/// <param name="Forced">What the answer must be for one to be called; null if it may be anything.</param>
/// <param name="MayBeSeveral">Whether an answer may call several.</param>
internal sealed record ToolFields(JsonArray? Tools, ImmutableHashSet<string> Names, OutputConstraint? Forced, bool MayBeSeveral)
{
    private const string Choices = "\"none\", \"auto\", \"required\" or an object with type and function";

    public static ToolFields None { get; } = new(null, [], null, MayBeSeveral: true);

    /// <exception cref="ApiException">A field is wrong.</exception>
    public static ToolFields Read(JsonFields fields)
    {
        var tools = ReadTools(fields);
        var choice = ReadChoice(fields, out var named);
        var mayBeSeveral = fields.Flag("parallel_tool_calls", true);
        if (choice is "required" && tools.Length == 0) throw ApiException.Field("tools", "missing", "the tools of which 'tool_choice' demands one");
        if (named is not null && !tools.Any(tool => tool.Name == named)) throw ApiException.Field("tool_choice.function.name", $"\"{named}\"", "the name of one of 'tools'");
        if (choice == "none" || tools.Length == 0) return new ToolFields(null, [], null, mayBeSeveral);
        var array = JsonNode.Parse(fields.Element.GetProperty("tools").GetRawText())!.AsArray();
        var forced = choice == "required" ? Schema([.. tools.Where(tool => named is null || tool.Name == named)]) : null;
        return new ToolFields(array, [.. tools.Select(static tool => tool.Name)], forced, mayBeSeveral);
    }

    private static ImmutableArray<(string Name, JsonElement? Parameters)> ReadTools(JsonFields fields)
    {
        if (fields.Array("tools", "an array of tools") is not { } tools) return [];
        var read = ImmutableArray.CreateBuilder<(string, JsonElement?)>();
        foreach (var tool in tools.EnumerateArray())
        {
            var path = $"tools[{read.Count}]";
            if (tool.ValueKind != JsonValueKind.Object) throw JsonFields.Wrong(path, tool, "an object with type and function");
            if (new JsonFields(tool, path + ".").Object("function") is not { } function || function.Text("name") is not { } name)
                throw ApiException.Field(path + ".function.name", "missing", "a string");
            read.Add((name, function.Object("parameters")?.Element));
        }

        return read.ToImmutable();
    }

    /// <param name="named">The function that must be called, if one is named; the choice is "required" then.</param>
    private static string ReadChoice(JsonFields fields, out string? named)
    {
        named = null;
        if (!fields.TryGet("tool_choice", out var choice)) return "auto";
        if (choice.ValueKind == JsonValueKind.Object)
        {
            var function = new JsonFields(choice, "tool_choice.").Object("function");
            named = function?.Text("name") ?? throw ApiException.Field("tool_choice.function.name", "missing", "a string");
            return "required";
        }

        if (choice.ValueKind != JsonValueKind.String || choice.GetString() is not ("auto" or "none" or "required")) throw JsonFields.Wrong("tool_choice", choice, Choices);
        return choice.GetString()!;
    }

    /// <summary>An object that calls one of them with arguments of its schema.</summary>
    private static OutputConstraint Schema(ImmutableArray<(string Name, JsonElement? Parameters)> tools)
    {
        var options = new JsonArray();
        foreach (var (name, parameters) in tools)
        {
            var arguments = parameters is { } given ? JsonNode.Parse(given.GetRawText())! : new JsonObject { ["type"] = "object" };
            Rebase(arguments, $"#/anyOf/{options.Count}/properties/arguments");
            options.Add(new JsonObject
            {
                ["type"] = "object",
                ["properties"] = new JsonObject { ["name"] = new JsonObject { ["const"] = name }, ["arguments"] = arguments },
                ["required"] = new JsonArray("name", "arguments"),
                ["additionalProperties"] = false,
            });
        }

        return new OutputConstraint(OutputConstraintKind.JsonSchema, new JsonObject { ["anyOf"] = options }.ToJsonString());
    }

    /// <summary>References within a tool's schema are from its own beginning.</summary>
    private static void Rebase(JsonNode? node, string root)
    {
        if (node is JsonArray array)
        {
            foreach (var item in array) Rebase(item, root);
        }

        if (node is not JsonObject schema) return;
        foreach (var (_, value) in schema) Rebase(value, root);
        if (schema["$ref"] is JsonValue reference && reference.TryGetValue<string>(out var path) && path.StartsWith('#')) schema["$ref"] = root + path[1..];
    }
}
