using System.Text.Json;
using System.Text.Unicode;
using ActorInference.Gpu.Models;

namespace ActorInference.Gpu.Tokenization;

/// <summary>Reads parts of tokenizer.json, and says where one is wrong.</summary>
internal sealed class TokenizerJson(string file)
{
    /// <summary>Ids above this are a broken file, and not a vocabulary.</summary>
    public const int MaxTokenId = 10_000_000;

    public string File { get; } = file;

    /// <summary>Parses the file, whose root must be an object.</summary>
    /// <exception cref="ModelFormatException">The file is missing, cannot be read, or is not a JSON object.</exception>
    public static JsonDocument Open(string file)
    {
        var document = Parse(file, ReadBytes(file));
        if (document.RootElement.ValueKind == JsonValueKind.Object) return document;
        using (document) throw new ModelFormatException(file, "root", Short(document.RootElement), "an object");
    }

    public ModelFormatException Error(string field, string value, string expected, Exception? cause = null) => new(File, field, value, expected, cause);

    public JsonElement Required(JsonElement owner, string path, string name, JsonValueKind kind)
    {
        if (owner.ValueKind != JsonValueKind.Object || !owner.TryGetProperty(name, out var value))
            throw Error(Join(path, name), "missing", Expected(kind));
        return value.ValueKind == kind ? value : throw Error(Join(path, name), Short(value), Expected(kind));
    }

    public string Text(JsonElement owner, string path, string name) =>
        Text(Required(owner, path, name, JsonValueKind.String), Join(path, name));

    /// <summary>The text of a string element, which may be no text at all: JSON can escape half a surrogate pair.</summary>
    public string Text(JsonElement value, string field)
    {
        if (value.ValueKind != JsonValueKind.String) throw Error(field, Short(value), Expected(JsonValueKind.String));
        try
        {
            return value.GetString()!;
        }
        catch (InvalidOperationException cause)
        {
            throw Error(field, Short(value), "a string of whole characters", cause);
        }
    }

    /// <summary>The name of a property, with the same care as <see cref="Text(JsonElement, string)"/>.</summary>
    public string Name(JsonProperty property, string field)
    {
        try
        {
            return property.Name;
        }
        catch (InvalidOperationException cause)
        {
            throw Error(field, "a name with half a surrogate pair", "names of whole characters", cause);
        }
    }

    /// <summary>Null if the property is absent or null.</summary>
    public string? OptionalText(JsonElement owner, string path, string name) =>
        Optional(owner, name) is { } value ? Text(value, Join(path, name)) : null;

    public int Int(JsonElement owner, string path, string name)
    {
        var value = Required(owner, path, name, JsonValueKind.Number);
        return value.TryGetInt32(out var number) ? number : throw Error(Join(path, name), Short(value), "a whole number");
    }

    public int TokenId(JsonElement value, string field)
    {
        if (value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var id) && id is >= 0 and <= MaxTokenId) return id;
        throw Error(field, Short(value), $"a token id from 0 to {MaxTokenId}");
    }

    /// <summary>A true or false; <paramref name="fallback"/> if it is absent or null.</summary>
    public bool Flag(JsonElement owner, string path, string name, bool fallback)
    {
        if (Optional(owner, name) is not { } value) return fallback;
        if (value.ValueKind is JsonValueKind.True or JsonValueKind.False) return value.GetBoolean();
        throw Error(Join(path, name), Short(value), "true or false");
    }

    /// <summary>An object's property, or null if it is absent or null.</summary>
    public static JsonElement? Optional(JsonElement owner, string name) =>
        owner.ValueKind == JsonValueKind.Object && owner.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;

    public static string Join(string path, string name) => path.Length == 0 ? name : $"{path}.{name}";

    public static string Short(JsonElement value)
    {
        var text = value.GetRawText().ReplaceLineEndings(" ");
        return text.Length <= 60 ? text : text[..60] + "…";
    }

    private static byte[] ReadBytes(string file)
    {
        try
        {
            return System.IO.File.ReadAllBytes(file);
        }
        catch (Exception cause) when (cause is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new ModelFormatException(file, "file", "missing", "a tokenizer in Hugging Face form", cause);
        }
        catch (Exception cause) when (cause is IOException or UnauthorizedAccessException)
        {
            throw new ModelFormatException(file, "file", $"not readable ({cause.Message})", "a tokenizer in Hugging Face form", cause);
        }
    }

    private static JsonDocument Parse(string file, byte[] bytes)
    {
        if (!Utf8.IsValid(bytes)) throw new ModelFormatException(file, "file", "not UTF-8", "JSON in UTF-8");
        try
        {
            return JsonDocument.Parse(bytes);
        }
        catch (JsonException cause)
        {
            throw new ModelFormatException(file, $"line {cause.LineNumber + 1}", "not JSON", "JSON", cause);
        }
    }

    private static string Expected(JsonValueKind kind) => kind switch
    {
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => "a list",
        JsonValueKind.String => "a string",
        _ => "a number",
    };
}
