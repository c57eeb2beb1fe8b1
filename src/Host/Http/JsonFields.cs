using System.Collections.Immutable;
using System.Text.Json;

namespace ActorInference.Host.Http;

/// <summary>
/// Reads a client's JSON object field by field. A field that is absent or null is null here; one of a wrong type or out of
/// range ends the request with an error that names it, its value, and what was expected. Unknown fields are nobody's business.
/// </summary>
public readonly struct JsonFields(JsonElement element, string prefix = "")
{
    private const int ShownCharacters = 60;

    /// <summary>The object itself.</summary>
    public JsonElement Element { get; } = element;

    /// <summary>A field's name with its way from the body's root.</summary>
    public string Path(string name) => prefix + name;

    public bool Has(string name) => TryGet(name, out _);

    public bool TryGet(string name, out JsonElement value) =>
        Element.TryGetProperty(name, out value) && value.ValueKind != JsonValueKind.Null;

    public string? Text(string name) => TryGet(name, out var value) ? Text(value, Path(name)) : null;

    public bool Flag(string name, bool fallback = false)
    {
        if (!TryGet(name, out var value)) return fallback;
        return value.ValueKind switch
        {
            JsonValueKind.True => true,
            JsonValueKind.False => false,
            _ => throw Wrong(Path(name), value, "true or false"),
        };
    }

    public int? Int(string name, int min, int max = int.MaxValue) =>
        TryGet(name, out var value) ? Int(value, Path(name), min, max, "an integer") : null;

    public long? Long(string name)
    {
        if (!TryGet(name, out var value)) return null;
        if (value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out var number)) return number;
        throw Wrong(Path(name), value, "a 64-bit integer");
    }

    /// <summary>A number from <paramref name="min"/> to <paramref name="max"/>; <paramref name="aboveMin"/> leaves out the least.</summary>
    public float? Number(string name, double min, double max, bool aboveMin = false)
    {
        if (!TryGet(name, out var value)) return null;
        return Number(value, Path(name), min, max, aboveMin);
    }

    public JsonFields? Object(string name)
    {
        if (!TryGet(name, out var value)) return null;
        if (value.ValueKind != JsonValueKind.Object) throw Wrong(Path(name), value, "an object");
        return new JsonFields(value, Path(name) + ".");
    }

    public JsonElement? Array(string name, string expected)
    {
        if (!TryGet(name, out var value)) return null;
        if (value.ValueKind != JsonValueKind.Array) throw Wrong(Path(name), value, expected);
        return value;
    }

    /// <summary>One string or an array of them, none empty.</summary>
    public ImmutableArray<string> Texts(string name, int maxCount, int maxCharacters)
    {
        if (!TryGet(name, out var value)) return [];
        var expected = $"a string or an array of at most {maxCount}, each of 1 to {maxCharacters} characters";
        if (value.ValueKind == JsonValueKind.String) return [OneOf(value, Path(name))];
        if (value.ValueKind != JsonValueKind.Array || value.GetArrayLength() > maxCount) throw Wrong(Path(name), value, expected);
        var path = Path(name);
        return [.. value.EnumerateArray().Select((item, index) => OneOf(item, $"{path}[{index}]"))];

        string OneOf(JsonElement item, string at)
        {
            if (item.ValueKind != JsonValueKind.String) throw Wrong(at, item, expected);
            var text = Text(item, at);
            return text.Length >= 1 && text.Length <= maxCharacters ? text : throw Wrong(at, item, expected);
        }
    }

    /// <summary>Integers from 0 to <paramref name="below"/> - 1.</summary>
    public ImmutableArray<int> TokenIds(string name, int below, int maxCount)
    {
        if (Array(name, "an array of token ids") is not { } value) return [];
        if (value.GetArrayLength() > maxCount) throw Wrong(Path(name), value, $"at most {maxCount} token ids");
        return TokenIds(value, Path(name), below);
    }

    /// <inheritdoc cref="TokenIds(string, int, int)"/>
    public static ImmutableArray<int> TokenIds(JsonElement array, string path, int below)
    {
        var ids = ImmutableArray.CreateBuilder<int>(array.GetArrayLength());
        foreach (var item in array.EnumerateArray())
        {
            if (item.ValueKind != JsonValueKind.Number || !item.TryGetInt32(out var id) || id < 0 || id >= below)
                throw Wrong($"{path}[{ids.Count}]", item, $"a token id from 0 to {below - 1}");
            ids.Add(id);
        }

        return ids.MoveToImmutable();
    }

    /// <summary>A JSON string's text.</summary>
    public static string Text(JsonElement value, string path)
    {
        if (value.ValueKind != JsonValueKind.String) throw Wrong(path, value, "a string");
        try
        {
            return value.GetString()!;
        }
        catch (InvalidOperationException cause)   // Thrown for half a surrogate pair and for broken UTF-8.
        {
            throw new ApiException(ApiError.BadRequest($"{path} is a string that is not valid Unicode; expected valid Unicode.", path), cause);
        }
    }

    public static float Number(JsonElement value, string path, double min, double max, bool aboveMin = false)
    {
        if (value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var number)
            && number <= max && (aboveMin ? number > min : number >= min)) return (float)number;
        var from = aboveMin ? $"above {min}" : max == double.MaxValue ? $"of at least {min}" : $"from {min}";
        throw Wrong(path, value, max == double.MaxValue ? $"a number {from}" : $"a number {from} to {max}");
    }

    /// <summary>The error for a field that is not as it should be.</summary>
    public static ApiException Wrong(string path, JsonElement value, string expected) => ApiException.Field(path, Show(value), expected);

    /// <summary>A value as it stands in the body, on one line, shortened.</summary>
    public static string Show(JsonElement value)
    {
        var raw = value.GetRawText();
        var start = raw.AsSpan(0, Math.Min(raw.Length, 4 * ShownCharacters)).ToString();
        var line = string.Join(' ', start.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
        return line.Length <= ShownCharacters && start.Length == raw.Length ? line : string.Concat(line.AsSpan(0, Math.Min(line.Length, ShownCharacters)), "...");
    }

    private static int Int(JsonElement value, string path, int min, int max, string what)
    {
        if (value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var number) && number >= min && number <= max) return number;
        throw Wrong(path, value, max == int.MaxValue ? $"{what} of at least {min}" : $"{what} from {min} to {max}");
    }
}
