using System.Globalization;
using System.Numerics;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace ActorInference.Gpu.ChatTemplates;

/// <summary>Turns JSON into the values that Python's json.loads would make of it.</summary>
internal static class JsonValues
{
    /// <exception cref="TemplateFault">A number is out of range, or a text is not Unicode.</exception>
    public static object From(JsonNode? node)
    {
        switch (node)
        {
            case null:
                return None.Value;
            case JsonArray array:
                return new ListValue(array.Select(From));
            case JsonObject fields:
                var dict = new Dict();
                foreach (var (name, value) in fields) dict.Put(name, From(value));
                return dict;
            default:
                return Scalar(node);
        }
    }

    private static object Scalar(JsonNode node)
    {
        try
        {
            return node.GetValueKind() switch
            {
                JsonValueKind.String => node.GetValue<string>(),
                JsonValueKind.True => true,
                JsonValueKind.False => false,
                JsonValueKind.Number => Number(node.ToJsonString()),
                _ => None.Value,
            };
        }
        catch (InvalidOperationException cause)   // Half a surrogate pair.
        {
            throw new TemplateFault($"a text of the input is not Unicode: {cause.Message}");
        }
    }

    private static object Number(string text)
    {
        if (!text.AsSpan().ContainsAny('.', 'e', 'E')) return PythonText.Shortest(BigInteger.Parse(text, CultureInfo.InvariantCulture));
        return double.Parse(text, NumberStyles.Float, CultureInfo.InvariantCulture);
    }
}
