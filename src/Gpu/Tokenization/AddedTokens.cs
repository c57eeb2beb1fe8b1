using System.Text.Json;

namespace ActorInference.Gpu.Tokenization;

/// <summary>A text that is one token wherever it stands.</summary>
/// <param name="SingleWord">Only where no word character touches it.</param>
/// <param name="LeftStrip">Takes the white space before it.</param>
/// <param name="RightStrip">Takes the white space after it.</param>
/// <param name="Normalized">Whether it is looked for in the normalized text, itself normalized, or in the text as given.</param>
internal sealed record AddedToken(int Id, string Content, bool Special, bool LeftStrip, bool RightStrip, bool SingleWord, bool Normalized);

/// <summary>The added_tokens of tokenizer.json: found before any splitting, in the given and then in the normalized text.</summary>
internal sealed class AddedTokens
{
    private AddedTokens(List<AddedToken> all, TextStep normalize)
    {
        All = all;
        InGivenText = new AddedTokenFinder(all.Where(token => !token.Normalized));
        InNormalizedText = new AddedTokenFinder(
            all.Where(token => token.Normalized).Select(token => token with { Content = normalize(token.Content).ToString() }));
    }

    public IReadOnlyList<AddedToken> All { get; }

    public AddedTokenFinder InGivenText { get; }

    public AddedTokenFinder InNormalizedText { get; }

    public static AddedTokens Read(TokenizerJson json, JsonElement root, TextStep normalize)
    {
        var tokens = new List<AddedToken>();
        if (TokenizerJson.Optional(root, "added_tokens") is null) return new AddedTokens(tokens, normalize);
        var list = json.Required(root, "", "added_tokens", JsonValueKind.Array);
        foreach (var (i, token) in list.EnumerateArray().Index()) tokens.Add(ReadToken(json, token, $"added_tokens[{i}]"));
        return new AddedTokens(tokens, normalize);
    }

    private static AddedToken ReadToken(TokenizerJson json, JsonElement token, string path)
    {
        var special = json.Flag(token, path, "special", false);
        return new AddedToken(
            json.TokenId(json.Required(token, path, "id", JsonValueKind.Number), path + ".id"),
            json.Text(token, path, "content"),
            special,
            json.Flag(token, path, "lstrip", false),
            json.Flag(token, path, "rstrip", false),
            json.Flag(token, path, "single_word", false),
            json.Flag(token, path, "normalized", !special));
    }
}
