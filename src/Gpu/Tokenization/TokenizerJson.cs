using System.Text.Json;
using ActorInference.Gpu.Models;

namespace ActorInference.Gpu.Tokenization;

/// <summary>Reads parts of tokenizer.json, and says where one is wrong.</summary>
internal sealed class TokenizerJson(string file)
{
    public string File { get; } = file;

    /// <exception cref="ModelFormatException">The file is missing or is not JSON.</exception>
    public static JsonDocument Open(string file)
    {
        try
        {
            return JsonDocument.Parse(System.IO.File.ReadAllBytes(file));
        }
        catch (Exception cause) when (cause is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new ModelFormatException(file, "file", "missing", "a tokenizer in Hugging Face form", cause);
        }
        catch (JsonException cause)
        {
            throw new ModelFormatException(file, $"line {cause.LineNumber + 1}", "not JSON", "JSON", cause);
        }
    }

    public ModelFormatException Error(string field, string value, string expected) => new(File, field, value, expected);

    public JsonElement Required(JsonElement owner, string path, string name, JsonValueKind kind)
    {
        if (owner.ValueKind != JsonValueKind.Object || !owner.TryGetProperty(name, out var value))
            throw Error(Join(path, name), "missing", Expected(kind));
        return value.ValueKind == kind ? value : throw Error(Join(path, name), Short(value), Expected(kind));
    }

    public string Text(JsonElement owner, string path, string name) => Required(owner, path, name, JsonValueKind.String).GetString()!;

    public int Int(JsonElement owner, string path, string name)
    {
        var value = Required(owner, path, name, JsonValueKind.Number);
        return value.TryGetInt32(out var number) ? number : throw Error(Join(path, name), Short(value), "a whole number");
    }

    public static bool Flag(JsonElement owner, string name, bool fallback) =>
        owner.TryGetProperty(name, out var value) ? value.ValueKind == JsonValueKind.True : fallback;

    /// <summary>An object's property, or null if it is absent or null.</summary>
    public static JsonElement? Optional(JsonElement owner, string name) =>
        owner.ValueKind == JsonValueKind.Object && owner.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;

    public static string Join(string path, string name) => path.Length == 0 ? name : $"{path}.{name}";

    public static string Short(JsonElement value)
    {
        var text = value.GetRawText().ReplaceLineEndings(" ");
        return text.Length <= 60 ? text : text[..60] + "…";
    }

    private static string Expected(JsonValueKind kind) => kind switch
    {
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => "a list",
        JsonValueKind.String => "a string",
        _ => "a number",
    };
}
