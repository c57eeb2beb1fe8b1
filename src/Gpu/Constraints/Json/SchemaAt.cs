using System.Collections.Immutable;
using System.Globalization;
using System.Numerics;
using System.Text.Json;

namespace ActorInference.Gpu.Constraints.Json;

/// <summary>A part of a JSON schema, and where it is.</summary>
/// <param name="Path">From the document's beginning, <c>#/properties/name</c>.</param>
internal readonly record struct SchemaAt(JsonElement Element, string Path)
{
    public ConstraintFormatException Error(string found, string expected) => new($"The JSON schema has {found} at {Path}; expected {expected}.");

    public SchemaAt At(string name, JsonElement element) => new(element, $"{Path}/{name}");

    public JsonElement? Has(string keyword) => Element.TryGetProperty(keyword, out var value) ? value : null;

    /// <summary>A list that must not be empty.</summary>
    public ImmutableArray<SchemaAt> Items(string keyword)
    {
        var list = Element.GetProperty(keyword);
        if (list.ValueKind != JsonValueKind.Array || list.GetArrayLength() == 0) throw At(keyword, list).Error(list.ToString(), "a list of at least one");
        var path = Path;
        return [.. list.EnumerateArray().Select((item, i) => new SchemaAt(item, $"{path}/{keyword}/{i}"))];
    }

    /// <summary>A number of characters or items; null if there is none.</summary>
    public int? Count(string keyword)
    {
        if (Has(keyword) is not { } value) return null;
        return value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var count) && count >= 0
            ? count : throw At(keyword, value).Error(value.ToString(), "a whole number that is not negative");
    }

    public string? Text(string keyword) => Has(keyword) is not { } value ? null
        : value.ValueKind == JsonValueKind.String ? value.GetString() : throw At(keyword, value).Error(value.ToString(), "a string");

    /// <summary>A limit of numbers, by the keyword that includes it, or by the one that does not.</summary>
    public NumberLimit? Limit(string inclusive, string exclusive)
    {
        var limit = Decimal(inclusive) is { } with ? new NumberLimit(with, IsExclusive: false) : (NumberLimit?)null;
        // Before 2019 it said whether the other keyword's limit is excluded.
        if (Has(exclusive) is { ValueKind: JsonValueKind.True }) return limit is null ? null : limit.Value with { IsExclusive = true };
        if (Has(exclusive) is null or { ValueKind: JsonValueKind.False } || Decimal(exclusive) is not { } without) return limit;
        var isTighter = limit is null || (inclusive == "minimum" ? without >= limit.Value.Value : without <= limit.Value.Value);
        return isTighter ? new NumberLimit(without, IsExclusive: true) : limit;
    }

    /// <summary>The same for whole numbers, included.</summary>
    /// <param name="step">What the next whole number within is after one that is excluded: 1 or -1.</param>
    public BigInteger? WholeLimit(string inclusive, string exclusive, int step)
    {
        if (Limit(inclusive, exclusive) is not { } limit) return null;
        var whole = step > 0 ? decimal.Ceiling(limit.Value) : decimal.Floor(limit.Value);
        return new BigInteger(whole) + (limit.IsExclusive && whole == limit.Value ? step : 0);
    }

    /// <summary>What a reference within the document means.</summary>
    public SchemaAt Resolve(JsonElement document, string reference)
    {
        if (reference != "#" && !reference.StartsWith("#/", StringComparison.Ordinal)) throw Error($"'$ref' to '{reference}'", "a reference within the schema, which begins with '#/'");
        var at = document;
        foreach (var escaped in reference[1..].Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            var name = Uri.UnescapeDataString(escaped).Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal);
            if (at.ValueKind == JsonValueKind.Array && int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out var index) && index < at.GetArrayLength()) at = at[index];
            else if (at.ValueKind != JsonValueKind.Object || !at.TryGetProperty(name, out at)) throw Error($"'$ref' to '{reference}'", "a reference to what the schema has");
        }

        return new SchemaAt(at, reference);
    }

    private decimal? Decimal(string keyword)
    {
        if (Has(keyword) is not { } value) return null;
        return value.ValueKind == JsonValueKind.Number && value.TryGetDecimal(out var number)
            ? number : throw At(keyword, value).Error(value.ToString(), "a number of at most 28 digits");
    }
}
