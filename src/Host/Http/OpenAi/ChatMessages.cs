using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace ActorInference.Host.Http.OpenAi;

/// <summary>Reads the messages of a chat request into the form that chat templates take.</summary>
public static class ChatMessages
{
    private const string Roles = "system, developer, user, assistant or tool";

    /// <exception cref="ApiException">There are none, or one has an unknown role or content other than text.</exception>
    public static JsonArray Read(JsonFields fields)
    {
        const string Expected = "an array of at least one message";
        if (fields.Array("messages", Expected) is not { } array) throw ApiException.Field("messages", "missing", Expected);
        var count = array.GetArrayLength();
        if (count == 0) throw ApiException.Field("messages", "empty", "at least one message");
        if (count > HttpLimits.MaxMessages) throw ApiException.Field("messages", $"{count} messages", $"at most {HttpLimits.MaxMessages}");

        var messages = new JsonArray();
        foreach (var item in array.EnumerateArray())
        {
            var path = $"messages[{messages.Count}]";
            if (item.ValueKind != JsonValueKind.Object) throw JsonFields.Wrong(path, item, "an object with role and content");
            messages.Add(ReadMessage(new JsonFields(item, path + ".")));
        }

        return messages;
    }

    private static JsonObject ReadMessage(JsonFields fields)
    {
        var role = fields.Text("role") ?? throw ApiException.Field(fields.Path("role"), "missing", Roles);
        if (role is not ("system" or "developer" or "user" or "assistant" or "tool"))
            throw ApiException.Field(fields.Path("role"), $"\"{role}\"", Roles);

        var message = new JsonObject { ["role"] = role == "developer" ? "system" : role };   // Templates know it by its old name.
        var calls = ReadToolCalls(fields);
        var content = ReadContent(fields);
        if (content is null && (role != "assistant" || calls is null))
            throw ApiException.Field(fields.Path("content"), "missing", "a string or an array of text parts");
        message["content"] = content ?? "";
        if (calls is not null) message["tool_calls"] = calls;
        foreach (var name in (ReadOnlySpan<string>)["name", "tool_call_id", "reasoning_content"])
        {
            if (fields.Text(name) is { } text) message[name] = text;
        }

        return message;
    }

    private static string? ReadContent(JsonFields fields)
    {
        if (!fields.TryGet("content", out var content)) return null;
        var path = fields.Path("content");
        if (content.ValueKind == JsonValueKind.String) return JsonFields.Text(content, path);
        if (content.ValueKind != JsonValueKind.Array) throw JsonFields.Wrong(path, content, "a string or an array of text parts");

        var text = new StringBuilder();
        var index = 0;
        foreach (var item in content.EnumerateArray())
        {
            var at = $"{path}[{index++}]";
            if (item.ValueKind != JsonValueKind.Object) throw JsonFields.Wrong(at, item, "an object with type and text");
            var part = new JsonFields(item, at + ".");
            var type = part.Text("type");
            if (type != "text") throw ApiException.Field(part.Path("type"), type is null ? "missing" : $"\"{type}\"", "\"text\"; this model reads only text");
            text.Append(part.Text("text") ?? throw ApiException.Field(part.Path("text"), "missing", "a string"));
        }

        return text.ToString();
    }

    /// <summary>Calls the assistant made. Clients send arguments as a string of JSON; templates want the object.</summary>
    private static JsonArray? ReadToolCalls(JsonFields fields)
    {
        if (fields.Array("tool_calls", "an array of tool calls") is not { } array || array.GetArrayLength() == 0) return null;
        var calls = new JsonArray();
        foreach (var item in array.EnumerateArray())
        {
            var path = $"{fields.Path("tool_calls")}[{calls.Count}]";
            if (item.ValueKind != JsonValueKind.Object) throw JsonFields.Wrong(path, item, "an object with a function");
            var function = new JsonFields(item, path + ".").Object("function") ?? throw ApiException.Field(path + ".function", "missing", "an object");
            if (function.Text("name") is null) throw ApiException.Field(function.Path("name"), "missing", "a string");
            var call = JsonNode.Parse(item.GetRawText())!.AsObject();
            if (function.TryGet("arguments", out var arguments) && arguments.ValueKind == JsonValueKind.String)
                call["function"]!["arguments"] = ParseArguments(function);
            calls.Add(call);
        }

        return calls;
    }

    private static JsonNode? ParseArguments(JsonFields function)
    {
        var text = function.Text("arguments")!;
        try
        {
            return JsonNode.Parse(text.Length == 0 ? "{}" : text);
        }
        catch (JsonException cause)
        {
            var error = ApiException.Field(function.Path("arguments"), $"\"{text}\"", "a string of valid JSON").Error;
            throw new ApiException(error, cause);
        }
    }
}
