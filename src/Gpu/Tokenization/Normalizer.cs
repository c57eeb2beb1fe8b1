using System.Text;
using System.Text.Json;
using ActorInference.Gpu.Tokenization.Unicode;

namespace ActorInference.Gpu.Tokenization;

/// <summary>Rewrites a text; returns the text it was given if nothing changes.</summary>
internal delegate ReadOnlySpan<char> TextStep(ReadOnlySpan<char> text);

/// <summary>The normalizers of tokenizer.json, as one function over text.</summary>
internal static class Normalizer
{
    private const char DottedCapitalI = '\u0130';
    private static readonly TimeSpan MatchTimeout = TimeSpan.FromSeconds(10);

    public static TextStep Read(TokenizerJson json, JsonElement? node, string path)
    {
        if (node is not { } element) return static text => text;
        var type = json.Text(element, path, "type");
        return type switch
        {
            "Sequence" => ReadSequence(json, element, path),
            "NFC" => new UnicodeNormalizer(NormalizationForm.FormC).Normalize,
            "NFD" => new UnicodeNormalizer(NormalizationForm.FormD).Normalize,
            "NFKC" => new UnicodeNormalizer(NormalizationForm.FormKC).Normalize,
            "NFKD" => new UnicodeNormalizer(NormalizationForm.FormKD).Normalize,
            "Lowercase" => Lowercase,
            "Prepend" => ReadPrepend(json, element, path),
            "Replace" => ReadReplace(json, element, path),
            "Strip" => ReadStrip(json, element, path),
            _ => throw json.Error(path + ".type", $"'{type}'", "Sequence, NFC, NFD, NFKC, NFKD, Lowercase, Prepend, Replace or Strip"),
        };
    }

    private static TextStep ReadSequence(TokenizerJson json, JsonElement element, string path)
    {
        var parts = json.Required(element, path, "normalizers", JsonValueKind.Array).EnumerateArray()
            .Select((part, i) => Read(json, part, $"{path}.normalizers[{i}]")).ToArray();
        return text =>
        {
            foreach (var part in parts) text = part(text);
            return text;
        };
    }

    /// <summary>By full mappings: the dotted capital I is the only letter whose lower case is two characters.</summary>
    private static ReadOnlySpan<char> Lowercase(ReadOnlySpan<char> text)
    {
        var lower = new string(text).ToLowerInvariant();
        return lower.Contains(DottedCapitalI, StringComparison.Ordinal) ? lower.Replace("\u0130", "i\u0307", StringComparison.Ordinal) : lower;
    }

    private static TextStep ReadPrepend(TokenizerJson json, JsonElement element, string path)
    {
        var prefix = json.Text(element, path, "prepend");
        return text => text.IsEmpty ? text : string.Concat(prefix, text);
    }

    private static TextStep ReadStrip(TokenizerJson json, JsonElement element, string path)
    {
        var (left, right) = (json.Flag(element, path, "strip_left", true), json.Flag(element, path, "strip_right", true));
        return text => left ? (right ? text.Trim() : text.TrimStart()) : right ? text.TrimEnd() : text;
    }

    private static TextStep ReadReplace(TokenizerJson json, JsonElement element, string path)
    {
        var content = json.Text(element, path, "content");
        var pattern = json.Required(element, path, "pattern", JsonValueKind.Object);
        if (json.OptionalText(pattern, path + ".pattern", "String") is { } literal)
        {
            if (literal.Length == 0) throw json.Error(path + ".pattern.String", "empty", "the text to replace");
            return text => text.Contains(literal, StringComparison.Ordinal) ? new string(text).Replace(literal, content, StringComparison.Ordinal) : text;
        }

        var regex = UnicodePattern.Compile(json, json.Text(pattern, path + ".pattern", "Regex"), path + ".pattern.Regex", MatchTimeout);
        var replacement = content.Replace("$", "$$", StringComparison.Ordinal);
        return text => regex.IsMatch(text) ? regex.Replace(new string(text), replacement) : text;
    }
}
