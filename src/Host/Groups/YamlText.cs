using System.Text;
using System.Text.Json;

namespace ActorInference.Host.Groups;

/// <summary>JSON as YAML: block maps and lists, texts in JSON's own quotes, which YAML reads.</summary>
public static class YamlText
{
    public static string Write(JsonElement element)
    {
        var text = new StringBuilder();
        Append(text, element, indent: 0);
        return text.ToString().Trim('\n');
    }

    private static void Append(StringBuilder text, JsonElement element, int indent)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.Object when element.EnumerateObject().Any():
                foreach (var property in element.EnumerateObject()) AppendEntry(text, property.Name + ":", property.Value, indent);
                break;
            case JsonValueKind.Array when element.GetArrayLength() > 0:
                foreach (var item in element.EnumerateArray()) AppendItem(text, item, indent);
                break;
            default:
                text.Append(' ', indent).Append(element.GetRawText()).Append('\n');
                break;
        }
    }

    private static void AppendEntry(StringBuilder text, string key, JsonElement value, int indent)
    {
        text.Append(' ', indent).Append(key);
        if (IsScalar(value))
        {
            text.Append(' ').Append(value.GetRawText()).Append('\n');
            return;
        }

        text.Append('\n');
        Append(text, value, indent + 2);
    }

    private static void AppendItem(StringBuilder text, JsonElement item, int indent)
    {
        if (IsScalar(item))
        {
            text.Append(' ', indent).Append("- ").Append(item.GetRawText()).Append('\n');
            return;
        }

        var start = text.Length;
        Append(text, item, indent + 2);
        text[start + indent] = '-';
    }

    private static bool IsScalar(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Object => !value.EnumerateObject().Any(),
        JsonValueKind.Array => value.GetArrayLength() == 0,
        _ => true,
    };
}
