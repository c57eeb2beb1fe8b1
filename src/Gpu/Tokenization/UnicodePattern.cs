using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace ActorInference.Gpu.Tokenization;

/// <summary>
/// Patterns written for Unicode scalars, which .NET would match by UTF-16 units. A character beyond the BMP is matched as
/// one stand-in within the BMP that has the same general category.
/// </summary>
internal static class UnicodePattern
{
    /// <summary>By <see cref="UnicodeCategory"/>. Separators and control characters are all within the BMP, and need none.</summary>
    private static readonly char[] StandIns = BuildStandIns();

    public static Regex Compile(TokenizerJson json, string pattern, string field, TimeSpan matchTimeout)
    {
        if (pattern.AsSpan().ContainsAnyInRange('\uD800', '\uDFFF'))
            throw json.Error(field, $"'{pattern}'", "a pattern without single characters beyond U+FFFF");
        try
        {
            return new Regex(pattern, RegexOptions.CultureInvariant | RegexOptions.Compiled, matchTimeout);
        }
        catch (ArgumentException cause)
        {
            throw json.Error(field, $"'{pattern}'", $"a regular expression ({cause.Message.ReplaceLineEndings(" ")})", cause);
        }
    }

    /// <summary>The pattern of a Split: {"String": ...} taken literally, or {"Regex": ...}.</summary>
    public static Regex Read(TokenizerJson json, JsonElement owner, string path, TimeSpan matchTimeout)
    {
        var pattern = json.Required(owner, path, "pattern", JsonValueKind.Object);
        return json.OptionalText(pattern, path + ".pattern", "String") is { } literal
            ? Compile(json, Regex.Escape(literal), path + ".pattern.String", matchTimeout)
            : Compile(json, json.Text(pattern, path + ".pattern", "Regex"), path + ".pattern.Regex", matchTimeout);
    }

    /// <summary>Writes the text with stand-ins, and for each of its characters (and the end) where it was in the text.</summary>
    /// <returns>How many characters were written; <paramref name="offsets"/> has one more.</returns>
    public static int Flatten(ReadOnlySpan<char> text, Span<char> flat, Span<int> offsets)
    {
        var count = 0;
        for (var i = 0; i < text.Length; i++)
        {
            offsets[count] = i;
            if (i + 1 < text.Length && char.IsSurrogatePair(text[i], text[i + 1]))
                flat[count++] = StandIns[(int)CharUnicodeInfo.GetUnicodeCategory(char.ConvertToUtf32(text[i], text[++i]))];
            else
                flat[count++] = text[i];
        }

        offsets[count] = text.Length;
        return count;
    }

    private static char[] BuildStandIns()
    {
        var all = new char[(int)UnicodeCategory.OtherNotAssigned + 1];
        Array.Fill(all, '\uE000');
        // Rare ones, which no pattern names one by one.
        foreach (var standIn in "\uA640\uA641\u1F88\uA60C\uA000\u1DC0\u1B04\u20DD\u1A90\uA6E6\u3220\uFE4D\u301C\u2E22\u2E23\u2E20\u2E21\u2E30\u2A00\u20BF\uA700\u2800")
            all[(int)char.GetUnicodeCategory(standIn)] = standIn;
        all[(int)UnicodeCategory.Format] = '\u2060';
        all[(int)UnicodeCategory.OtherNotAssigned] = '\uFFFE';
        return all;
    }
}
