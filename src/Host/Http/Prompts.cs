using System.Collections.Immutable;
using System.Text.Json;
using ActorInference.Host.Serving;

namespace ActorInference.Host.Http;

/// <summary>One prompt as tokens, and as the text that it came as, if it did.</summary>
public sealed record Prompt(ImmutableArray<int> Ids, string? Text);

/// <summary>The prompts of a request.</summary>
/// <param name="Items">At least one.</param>
/// <param name="IsBatch">Whether the client wrote a list of prompts, even of one.</param>
public sealed record Prompts(ImmutableArray<Prompt> Items, bool IsBatch)
{
    private const string TextOrIds = "a string, an array of strings, an array of token ids, or an array of such arrays";

    /// <summary>Reads a field that is a text or token ids, one or several.</summary>
    /// <exception cref="ApiException">It is neither, or empty, or an id is not in the vocabulary.</exception>
    public static Prompts Read(JsonFields fields, string name, ServedModel model)
    {
        if (!fields.TryGet(name, out var value)) throw ApiException.Field(fields.Path(name), "missing", TextOrIds);
        var path = fields.Path(name);
        if (value.ValueKind == JsonValueKind.String) return new([FromText(value, path, model)], false);
        if (value.ValueKind != JsonValueKind.Array || value.GetArrayLength() == 0) throw JsonFields.Wrong(path, value, TextOrIds);
        if (value[0].ValueKind == JsonValueKind.Number) return new([FromIds(value, path, model)], false);
        if (value.GetArrayLength() > HttpLimits.MaxChoices) throw JsonFields.Wrong(path, value, $"at most {HttpLimits.MaxChoices} prompts");

        var items = ImmutableArray.CreateBuilder<Prompt>(value.GetArrayLength());
        foreach (var item in value.EnumerateArray())
        {
            var at = $"{path}[{items.Count}]";
            if (item.ValueKind != value[0].ValueKind) throw JsonFields.Wrong(at, item, $"the same kind as {path}[0]");
            items.Add(item.ValueKind switch
            {
                JsonValueKind.String => FromText(item, at, model),
                JsonValueKind.Array => FromIds(item, at, model),
                _ => throw JsonFields.Wrong(at, item, "a string or an array of token ids"),
            });
        }

        return new(items.MoveToImmutable(), true);
    }

    private static Prompt FromText(JsonElement value, string path, ServedModel model)
    {
        var text = JsonFields.Text(value, path);
        var ids = ImmutableArray.Create(model.Tokenizer.Encode(text));
        return ids.IsEmpty ? throw JsonFields.Wrong(path, value, "a prompt of at least 1 token") : new(ids, text);
    }

    private static Prompt FromIds(JsonElement value, string path, ServedModel model)
    {
        if (value.GetArrayLength() == 0) throw JsonFields.Wrong(path, value, "at least 1 token id");
        return new(JsonFields.TokenIds(value, path, model.VocabSize), null);
    }
}
