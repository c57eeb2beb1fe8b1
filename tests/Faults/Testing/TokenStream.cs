using System.Net.Http.Json;
using System.Text.Json.Nodes;

namespace ActorInference.Faults.Tests.Testing;

/// <summary>A prompt and how many tokens are to follow.</summary>
internal sealed record TokenRequest(int[] PromptIds, int NewTokens)
{
    public JsonObject Body(bool stream) => new()
    {
        ["input_ids"] = new JsonArray([.. PromptIds.Select(id => JsonValue.Create(id))]),
        ["sampling_params"] = new JsonObject { ["temperature"] = 0, ["max_new_tokens"] = NewTokens, ["ignore_eos"] = true },
        ["stream"] = stream,
    };
}

/// <summary>Answers of <c>/generate</c>.</summary>
internal static class TokenStream
{
    /// <summary>The whole answer at once.</summary>
    public static async Task<int[]> AskAsync(HttpClient client, TokenRequest request)
    {
        using var response = await client.PostAsync("/generate", JsonContent.Create(request.Body(stream: false)));
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(response.IsSuccessStatusCode, text);
        return Ids(JsonNode.Parse(text)!);
    }

    /// <summary>The answer token by token; fails unless each event adds one token to those before.</summary>
    /// <param name="onTokens">Told how many there are.</param>
    public static async Task<int[]> StreamAsync(HttpClient client, TokenRequest request, Action<int> onTokens, CancellationToken cancellationToken = default)
    {
        using var message = new HttpRequestMessage(HttpMethod.Post, "/generate") { Content = JsonContent.Create(request.Body(stream: true)) };
        using var response = await client.SendAsync(message, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(cancellationToken));
        var ids = Array.Empty<int>();
        while (await reader.ReadLineAsync(cancellationToken) is { } line)
        {
            if (line == "data: [DONE]") return ids;
            if (!line.StartsWith("data: ", StringComparison.Ordinal)) continue;
            var update = JsonNode.Parse(line["data: ".Length..])!;
            Assert.True(update["output_ids"] is not null, line);
            var next = Ids(update);
            Assert.True(next.Length == ids.Length + 1 && next.AsSpan().StartsWith(ids), $"After {ids.Length} tokens came: {line}");
            ids = next;
            onTokens(ids.Length);
        }

        throw new IOException($"The stream ended after {ids.Length} tokens without saying so.");
    }

    private static int[] Ids(JsonNode answer) => [.. answer["output_ids"]!.AsArray().Select(id => (int)id!)];
}
