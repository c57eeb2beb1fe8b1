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

    public static async Task<JsonNode> PostAsync(HttpClient client, JsonObject body)
    {
        using var response = await client.PostAsync("/generate", JsonContent.Create(body));
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(response.IsSuccessStatusCode, text);
        return JsonNode.Parse(text)!;
    }
}
