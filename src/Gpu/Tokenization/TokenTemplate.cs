using System.Text.Json;

namespace ActorInference.Gpu.Tokenization;

/// <summary>The token ids that tokenizer.json's post_processor puts before and after a text.</summary>
internal sealed record TokenTemplate(int[] Prefix, int[] Suffix)
{
    /// <param name="vocabSize">Ids from this on are no tokens.</param>
    public static TokenTemplate Read(TokenizerJson json, JsonElement? node, string path, int vocabSize)
    {
        if (node is not { } element) return new TokenTemplate([], []);
        var type = json.Text(element, path, "type");
        switch (type)
        {
            case "ByteLevel":
                return new TokenTemplate([], []);
            case "Sequence":
                var parts = json.Required(element, path, "processors", JsonValueKind.Array).EnumerateArray()
                    .Select((part, i) => Read(json, part, $"{path}.processors[{i}]", vocabSize)).ToArray();
                // Each processor wraps what the ones before it made.
                return new TokenTemplate([.. parts.Reverse().SelectMany(part => part.Prefix)], [.. parts.SelectMany(part => part.Suffix)]);
            case "TemplateProcessing":
                return ReadSingle(json, element, path, vocabSize);
            default:
                throw json.Error(path + ".type", $"'{type}'", "ByteLevel, Sequence or TemplateProcessing");
        }
    }

    private static TokenTemplate ReadSingle(TokenizerJson json, JsonElement element, string path, int vocabSize)
    {
        var (prefix, suffix) = (new List<int>(), new List<int>());
        var texts = 0;
        foreach (var (i, item) in json.Required(element, path, "single", JsonValueKind.Array).EnumerateArray().Index())
        {
            if (TokenizerJson.Optional(item, "Sequence") is not null)
            {
                texts++;
                continue;
            }

            var field = $"{path}.single[{i}]";
            var name = json.Text(json.Required(item, field, "SpecialToken", JsonValueKind.Object), field + ".SpecialToken", "id");
            (texts == 0 ? prefix : suffix).AddRange(ReadIds(json, element, path, name, vocabSize));
        }

        if (texts != 1) throw json.Error(path + ".single", $"a template with {texts} texts", "exactly one Sequence");
        return new TokenTemplate([.. prefix], [.. suffix]);
    }

    private static IEnumerable<int> ReadIds(TokenizerJson json, JsonElement element, string path, string name, int vocabSize)
    {
        var tokens = json.Required(element, path, "special_tokens", JsonValueKind.Object);
        var field = $"{path}.special_tokens.{name}";
        var token = json.Required(tokens, path + ".special_tokens", name, JsonValueKind.Object);
        foreach (var (i, value) in json.Required(token, field, "ids", JsonValueKind.Array).EnumerateArray().Index())
        {
            var id = json.TokenId(value, $"{field}.ids[{i}]");
            if (id >= vocabSize) throw json.Error($"{field}.ids[{i}]", $"{id}", $"the id of a token, below {vocabSize}");
            yield return id;
        }
    }
}
