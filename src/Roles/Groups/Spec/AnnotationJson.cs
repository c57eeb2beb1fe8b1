using System.Text.Json;

namespace ActorInference.Roles.Groups.Spec;

/// <summary>RBG's annotations that are JSON: their parts, and what is wrong with them.</summary>
internal static class AnnotationJson
{
    /// <summary>Reads an object of some fields.</summary>
    /// <param name="error">Told of everything that is wrong.</param>
    public static void Read(string text, Action<string> error, Action<JsonElement> take, params string[] fields)
    {
        try
        {
            using var document = JsonDocument.Parse(text);
            if (document.RootElement.ValueKind != JsonValueKind.Object)
            {
                error($"is no JSON object; expected {string.Join(" and ", fields)}");
                return;
            }

            foreach (var property in document.RootElement.EnumerateObject().Where(property => !fields.Contains(property.Name))) error($"{property.Name} is no field of it; expected {string.Join(" and ", fields)}");
            take(document.RootElement);
        }
        catch (JsonException wrong)
        {
            error($"is no JSON: {wrong.Message}");
        }
    }

    /// <summary>A list of texts; empty if it is not there.</summary>
    public static IEnumerable<string> Texts(JsonElement root, string name, Action<string> error)
    {
        if (!root.TryGetProperty(name, out var list)) yield break;
        if (list.ValueKind != JsonValueKind.Array) error($"{name} is no list");
        else foreach (var (index, item) in list.EnumerateArray().Index())
        {
            if (item.ValueKind == JsonValueKind.String) yield return item.GetString()!;
            else error($"{name}[{index}] is no text");
        }
    }

    /// <summary>A whole number of at least 0; 0 if it is not there.</summary>
    public static int Number((string Path, JsonElement Element) item, string name, Action<string> error)
    {
        if (!item.Element.TryGetProperty(name, out var value)) return 0;
        if (value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var number) && number >= 0) return number;
        error($"{item.Path}.{name} is '{value}'; expected a whole number of at least 0");
        return 0;
    }

    public static IEnumerable<(string Path, JsonElement Element)> Items(JsonElement root, string name, Action<string> error)
    {
        if (!root.TryGetProperty(name, out var list)) yield break;
        if (list.ValueKind != JsonValueKind.Array) error($"{name} is no list");
        else foreach (var (index, item) in list.EnumerateArray().Index())
        {
            if (item.ValueKind == JsonValueKind.Object) yield return ($"{name}[{index}]", item);
            else error($"{name}[{index}] is no JSON object");
        }
    }

    public static string Required((string Path, JsonElement Element) item, string name, Action<string> error)
    {
        if (Text(item.Element, name) is { Length: > 0 } text) return text;
        error($"{item.Path} needs the field {name}, a text");
        return "";
    }

    public static string? Text(JsonElement element, string name) => element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    public static void Refuse((string Path, JsonElement Element) item, Action<string> error, params string[] known)
    {
        foreach (var property in item.Element.EnumerateObject().Where(property => !known.Contains(property.Name))) error($"{item.Path}.{property.Name}: no such field{SpecContext.Suggestion(property.Name, known)}");
    }

    /// <summary>Tells where the annotation stands; in the role's own line, if that is a template of the group.</summary>
    public static void Error(FieldReader role, string annotation, string message) => role.Context.Error(Find(role.Node, annotation) ?? role.Node, message);

    private static SpecNode? Find(SpecNode node, string annotation) => node switch
    {
        SpecMap map => map.Find(annotation) ?? map.Entries.Select(entry => Find(entry.Value, annotation)).FirstOrDefault(found => found is not null),
        SpecList list => list.Items.Select(item => Find(item, annotation)).FirstOrDefault(found => found is not null),
        _ => null,
    };
}
