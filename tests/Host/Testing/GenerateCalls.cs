using System.Net.Http.Json;
using System.Text.Json.Nodes;

namespace ActorInference.Host.Tests.Testing;

/// <summary>Requests to <c>/generate</c> whose answers are known.</summary>
internal static class GenerateCalls
{
    public static JsonObject Greedy(int[] prompt, int tokens) => new()
    {
        ["input_ids"] = new JsonArray([.. prompt.Select(id => JsonValue.Create(id))]),
        ["sampling_params"] = new JsonObject { ["temperature"] = 0, ["max_new_tokens"] = tokens, ["ignore_eos"] = true },
    };

    /// <summary>The tokens of an answer.</summary>
    public static int[] Ids(JsonNode answer) => [.. answer["output_ids"]!.AsArray().Select(id => (int)id!)];

    /// <summary>The same request as a stream; fails if that says that something went wrong.</summary>
    /// <param name="onTokens">Told how many tokens there are, each time that one has come.</param>
    /// <returns>The tokens.</returns>
    public static async Task<int[]> StreamAsync(HttpClient client, JsonObject body, Func<int, Task> onTokens)
    {
        body["stream"] = true;
        using var request = new HttpRequestMessage(HttpMethod.Post, "/generate") { Content = JsonContent.Create(body) };
        using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync());
        var ids = Array.Empty<int>();
        while (await reader.ReadLineAsync() is { } line)
        {
            if (!line.StartsWith("data: {", StringComparison.Ordinal)) continue;
            var update = JsonNode.Parse(line["data: ".Length..])!;
            Assert.True(update["output_ids"] is not null, line);
            ids = Ids(update);
            await onTokens(ids.Length);
        }

        return ids;
    }

    public static async Task<JsonNode> PostAsync(HttpClient client, JsonObject body)
    {
        using var response = await client.PostAsync("/generate", JsonContent.Create(body));
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(response.IsSuccessStatusCode, text);
        return JsonNode.Parse(text)!;
    }
}
