using System.Text.Json;
using ActorInference.Host.Serving;

namespace ActorInference.Host.Http.Sglang;

/// <summary><c>POST /tokenize</c> and <c>/detokenize</c>, also under <c>/v1</c>.</summary>
public sealed class TokenizeEndpoints(ServedModel model)
{
    public async Task TokenizeAsync(HttpContext http)
    {
        using var body = await RequestBody.ReadAsync(http);
        var fields = body.Fields;
        var special = fields.Flag("add_special_tokens", true);
        if (!fields.TryGet("prompt", out var prompt)) throw ApiException.Field("prompt", "missing", "a string or an array of strings");
        if (prompt.ValueKind != JsonValueKind.Array)
        {
            var ids = Encode(prompt, "prompt");
            await http.Response.WriteAsJsonAsync(
                new TokenizeAnswer(ids, ids.Length, model.ContextTokens), ApiJson.Readable.TokenizeAnswer, cancellationToken: http.RequestAborted);
            return;
        }

        int[][] batch = [.. prompt.EnumerateArray().Select((item, index) => Encode(item, $"prompt[{index}]"))];
        await http.Response.WriteAsJsonAsync(
            new TokenizeBatchAnswer(batch, Array.ConvertAll(batch, ids => ids.Length), model.ContextTokens), ApiJson.Readable.TokenizeBatchAnswer,
            cancellationToken: http.RequestAborted);

        int[] Encode(JsonElement value, string path) => model.Tokenizer.Encode(JsonFields.Text(value, path), special);
    }

    public async Task DetokenizeAsync(HttpContext http)
    {
        const string Expected = "an array of token ids or an array of such arrays";
        using var body = await RequestBody.ReadAsync(http);
        var fields = body.Fields;
        var skip = fields.Flag("skip_special_tokens", true);
        if (fields.Array("tokens", Expected) is not { } tokens) throw ApiException.Field("tokens", "missing", Expected);
        if (tokens.GetArrayLength() == 0 || tokens[0].ValueKind != JsonValueKind.Array)
        {
            await http.Response.WriteAsJsonAsync(
                new DetokenizeAnswer(Decode(tokens, "tokens")), ApiJson.Readable.DetokenizeAnswer, cancellationToken: http.RequestAborted);
            return;
        }

        string[] batch = [.. tokens.EnumerateArray().Select((item, index) => Decode(item, $"tokens[{index}]"))];
        await http.Response.WriteAsJsonAsync(
            new DetokenizeBatchAnswer(batch), ApiJson.Readable.DetokenizeBatchAnswer, cancellationToken: http.RequestAborted);

        string Decode(JsonElement value, string path)
        {
            if (value.ValueKind != JsonValueKind.Array) throw JsonFields.Wrong(path, value, Expected);
            var ids = JsonFields.TokenIds(value, path, model.VocabSize);
            return model.Tokenizer.Decode(ids.AsSpan(), skip);
        }
    }
}

public sealed record TokenizeAnswer(IReadOnlyList<int> Tokens, int Count, int MaxModelLen);

public sealed record TokenizeBatchAnswer(IReadOnlyList<IReadOnlyList<int>> Tokens, IReadOnlyList<int> Count, int MaxModelLen);

public sealed record DetokenizeAnswer(string Text);

public sealed record DetokenizeBatchAnswer(IReadOnlyList<string> Text);
