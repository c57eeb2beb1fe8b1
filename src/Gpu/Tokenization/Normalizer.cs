using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace ActorInference.Gpu.Tokenization;

/// <summary>The normalizers of tokenizer.json, as one function over text.</summary>
internal static class Normalizer
{
    private static readonly TimeSpan MatchTimeout = TimeSpan.FromSeconds(10);

    public static Func<string, string> Read(TokenizerJson json, JsonElement? node, string path)
    {
        if (node is not { } element) return static text => text;
        var type = json.Text(element, path, "type");
        switch (type)
        {
            case "Sequence":
                var parts = json.Required(element, path, "normalizers", JsonValueKind.Array).EnumerateArray()
                    .Select((part, i) => Read(json, part, $"{path}.normalizers[{i}]")).ToArray();
                return text => parts.Aggregate(text, static (current, part) => part(current));
            case "NFC": return static text => text.Normalize(NormalizationForm.FormC);
            case "NFD": return static text => text.Normalize(NormalizationForm.FormD);
            case "NFKC": return static text => text.Normalize(NormalizationForm.FormKC);
            case "NFKD": return static text => text.Normalize(NormalizationForm.FormKD);
            case "Lowercase": return static text => text.ToLowerInvariant();
            case "Prepend":
                var prefix = json.Text(element, path, "prepend");
                return text => text.Length == 0 ? text : prefix + text;
            case "Replace":
                return ReadReplace(json, element, path);
            case "Strip":
                var (left, right) = (TokenizerJson.Flag(element, "strip_left", true), TokenizerJson.Flag(element, "strip_right", true));
                return text => left ? (right ? text.Trim() : text.TrimStart()) : right ? text.TrimEnd() : text;
            default:
                throw json.Error(path + ".type", $"'{type}'", "Sequence, NFC, NFD, NFKC, NFKD, Lowercase, Prepend, Replace or Strip");
        }
    }

    private static Func<string, string> ReadReplace(TokenizerJson json, JsonElement element, string path)
    {
        var content = json.Text(element, path, "content");
        var pattern = json.Required(element, path, "pattern", JsonValueKind.Object);
        if (TokenizerJson.Optional(pattern, "String")?.GetString() is { Length: > 0 } literal)
            return text => text.Replace(literal, content, StringComparison.Ordinal);
        var regex = new Regex(json.Text(pattern, path + ".pattern", "Regex"), RegexOptions.CultureInvariant, MatchTimeout);
        return text => regex.Replace(text, content.Replace("$", "$$", StringComparison.Ordinal));
    }
}
