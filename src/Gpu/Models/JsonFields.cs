using System.Text.Json;

namespace ActorInference.Gpu.Models;

/// <summary>
/// Reads typed fields of a JSON object and turns every surprise into a <see cref="ModelFormatException"/>
/// that names the file and the field. JSON null counts as absent.
/// </summary>
internal readonly struct JsonFields
{
    private const int MaxFileBytes = 256 << 20;
    private const int ShownCharacters = 60;

    private readonly JsonElement _object;
    private readonly string _prefix;

    private JsonFields(string file, string prefix, JsonElement element)
    {
        File = file;
        _prefix = prefix;
        _object = element;
    }

    public string File { get; }

    /// <summary>Reads a JSON file whose root must be an object.</summary>
    /// <exception cref="ModelFormatException">The file is missing, unreadable, not JSON, or not an object.</exception>
    public static JsonFields Read(string file, string purpose) => Parse(file, ReadBytes(file, purpose), purpose);

    /// <summary>Parses JSON whose root must be an object.</summary>
    /// <exception cref="ModelFormatException">It is not JSON, not Unicode, or not an object.</exception>
    public static JsonFields Parse(string file, ReadOnlyMemory<byte> json, string purpose)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            var root = document.RootElement.Clone();
            CheckUnicode(root);
            return root.ValueKind == JsonValueKind.Object
                ? new JsonFields(file, "", root)
                : throw new ModelFormatException(file, "content", $"a JSON {root.ValueKind.ToString().ToLowerInvariant()}", purpose);
        }
        catch (Exception cause) when (cause is JsonException or InvalidOperationException)
        {
            throw new ModelFormatException(file, "content", $"not valid JSON ({OneLine(cause.Message)})", purpose, cause);
        }
    }

    public bool TryGet(string name, out JsonElement value) =>
        _object.TryGetProperty(name, out value) && value.ValueKind != JsonValueKind.Null;

    public int Int(string name, int min, int max, int? fallback = null)
    {
        if (!TryGet(name, out var value)) return fallback ?? throw Missing(name, $"an integer from {min} to {max}");
        if (value.ValueKind != JsonValueKind.Number || !value.TryGetInt32(out var number) || number < min || number > max)
            throw Error(name, value, $"an integer from {min} to {max}");
        return number;
    }

    public double Number(string name, double min, double max, double? fallback = null)
    {
        if (!TryGet(name, out var value)) return fallback ?? throw Missing(name, $"a number from {min} to {max}");
        if (value.ValueKind != JsonValueKind.Number || !value.TryGetDouble(out var number) || !(number >= min && number <= max))
            throw Error(name, value, $"a number from {min} to {max}");
        return number;
    }

    public bool Flag(string name, bool fallback)
    {
        if (!TryGet(name, out var value)) return fallback;
        if (value.ValueKind is not (JsonValueKind.True or JsonValueKind.False)) throw Error(name, value, "true or false");
        return value.GetBoolean();
    }

    public string? Text(string name)
    {
        if (!TryGet(name, out var value)) return null;
        if (value.ValueKind != JsonValueKind.String) throw Error(name, value, "a string");
        return value.GetString();
    }

    public JsonFields? Object(string name)
    {
        if (!TryGet(name, out var value)) return null;
        if (value.ValueKind != JsonValueKind.Object) throw Error(name, value, "an object");
        return new JsonFields(File, $"{_prefix}{name}.", value);
    }

    /// <summary>The object that is the value of a property whose name may be anything.</summary>
    public JsonFields Object(JsonProperty property) =>
        property.Value.ValueKind == JsonValueKind.Object
            ? new JsonFields(File, $"{_prefix}{OneLine(property.Name)}.", property.Value)
            : throw Error(OneLine(property.Name), property.Value, "an object");

    /// <summary>One token id, or a list of them, each in <c>[0, vocabSize)</c>; empty if absent.</summary>
    public int[] TokenIds(string name, int vocabSize)
    {
        if (!TryGet(name, out var value)) return [];
        if (value.ValueKind != JsonValueKind.Array) return [Int(name, 0, vocabSize - 1)];
        var ids = new List<int>();
        foreach (var item in value.EnumerateArray())
        {
            if (item.ValueKind != JsonValueKind.Number || !item.TryGetInt32(out var id) || id < 0 || id >= vocabSize)
                throw Error(name, value, $"token ids from 0 to {vocabSize - 1}");
            if (!ids.Contains(id)) ids.Add(id);
        }

        return [.. ids];
    }

    public IEnumerable<JsonProperty> Properties() => _object.EnumerateObject();

    public ModelFormatException Missing(string name, string expected) => new(File, _prefix + name, "missing", expected);

    public ModelFormatException Error(string name, JsonElement value, string expected) =>
        new(File, _prefix + name, Shown(value), expected);

    public ModelFormatException Error(string name, string value, string expected) => new(File, _prefix + name, value, expected);

    public static string Shown(JsonElement value) => OneLine(value.GetRawText());

    public static string OneLine(string text)
    {
        var line = string.Join(' ', text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
        return line.Length <= ShownCharacters ? line : string.Concat(line.AsSpan(0, ShownCharacters), "...");
    }

    /// <summary>
    /// Strings are decoded lazily, and throw then if they are broken (a lone surrogate, bad UTF-8): better here, once.
    /// </summary>
    private static void CheckUnicode(JsonElement element)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.String:
                _ = element.GetString();
                break;
            case JsonValueKind.Array:
                foreach (var item in element.EnumerateArray()) CheckUnicode(item);
                break;
            case JsonValueKind.Object:
                foreach (var property in element.EnumerateObject())
                {
                    _ = property.Name;
                    CheckUnicode(property.Value);
                }

                break;
        }
    }

    private static byte[] ReadBytes(string file, string purpose)
    {
        try
        {
            var info = new FileInfo(file);
            if (!info.Exists) throw new ModelFormatException(file, "file", "missing", purpose);
            if (info.Length > MaxFileBytes) throw new ModelFormatException(file, "size", $"{info.Length} bytes", $"at most {MaxFileBytes} bytes");
            return System.IO.File.ReadAllBytes(file);
        }
        catch (Exception cause) when (cause is IOException or UnauthorizedAccessException)
        {
            throw new ModelFormatException(file, "file", $"unreadable ({OneLine(cause.Message)})", purpose, cause);
        }
    }
}
