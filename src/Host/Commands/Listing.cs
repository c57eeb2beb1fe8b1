using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using ActorInference.Host.Groups;

namespace ActorInference.Host.Commands;

/// <summary>What <c>get</c> has found, to be shown as of a time, which ages depend on.</summary>
/// <param name="Show">Empty if there is nothing to show.</param>
/// <param name="Nothing">What to say instead of an empty table; null if it is none.</param>
internal sealed record Listing(Func<DateTimeOffset, string> Show, string? Nothing)
{
    /// <summary>Of the things that were found, in their order and without their kind; empty for a text.</summary>
    public IReadOnlyList<string> Names { get; private init; } = [];

    public static Listing Of(string text) => new(_ => text.TrimEnd('\n'), null);

    /// <summary>Items in the form that is asked for.</summary>
    /// <param name="property">What a list of them is called in JSON.</param>
    /// <param name="isOne">Whether one was asked for, which is shown itself and not as a list.</param>
    /// <param name="name">Without its kind; null if they have none.</param>
    /// <exception cref="Cli.UserErrorException">They have no names, which are asked for.</exception>
    public static Listing Of<T>(GetQuery query, IReadOnlyList<T> items, JsonTypeInfo<T> type, string property, bool isOne, Func<T, string>? name, Func<DateTimeOffset, string> table)
    {
        if (query.Output == "name")
        {
            if (name is null) throw new Cli.UserErrorException($"--output is 'name', which {ObjectNames.PluralOf(query.Kind)} have none of; expected wide, json or yaml.");
            return Of(string.Join('\n', items.Select(item => $"{ObjectNames.WholeName(query.Kind)}/{name(item)}")));
        }

        if (query.IsTable && items.Count == 0) return new Listing(_ => "", $"There are no {ObjectNames.PluralOf(query.Kind)}{(query.Selector is null ? "" : " with such labels")}.");
        if (query.IsTable) return new Listing(table, null) { Names = name is null ? [] : [.. items.Select(name)] };
        var elements = items.Select(item => JsonSerializer.SerializeToElement(item, type));
        return Of(Structured(isOne ? elements.Single() : List(property, elements), query.Output == "yaml"));
    }

    private static JsonElement List(string property, IEnumerable<JsonElement> items)
    {
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream))
        {
            writer.WriteStartObject();
            writer.WriteStartArray(property);
            foreach (var item in items) item.WriteTo(writer);
            writer.WriteEndArray();
            writer.WriteEndObject();
        }

        return JsonDocument.Parse(stream.ToArray()).RootElement;
    }

    private static string Structured(JsonElement element, bool isYaml)
    {
        if (isYaml) return YamlText.Write(element);
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream, new JsonWriterOptions { Indented = true })) element.WriteTo(writer);
        return Encoding.UTF8.GetString(stream.ToArray());
    }
}
