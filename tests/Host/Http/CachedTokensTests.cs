using System.Text.Json.Nodes;
using ActorInference.Actors.Kv;
using ActorInference.Host.Tests.Testing;

namespace ActorInference.Host.Tests.Http;

/// <summary>Every dialect says how many prompt tokens were not computed, and which tier had them, at once and streamed.</summary>
public sealed class CachedTokensTests
{
    private const string Details = """{"device":2,"host":3,"storage":4}""";

    [Theory]
    [InlineData("/v1/chat/completions", """{"messages":[{"role":"user","content":"Hi, how is it going?"}]}""")]
    [InlineData("/v1/completions", """{"prompt":"Once upon a time"}""")]
    public async Task OpenAi_usage_has_them(string path, string body)
    {
        await using var server = await StartAsync();

        var (_, answer) = await server.PostAsync(path, body);
        var streamed = JsonNode.Parse(body)!;
        streamed["stream"] = true;
        streamed["stream_options"] = new JsonObject { ["include_usage"] = true };
        var events = await server.StreamAsync(path, streamed.ToJsonString());

        Check(answer["usage"]!["prompt_tokens_details"]!);
        Check(events[^1]["usage"]!["prompt_tokens_details"]!);
    }

    [Fact]
    public async Task Generate_has_them_in_every_event()
    {
        await using var server = await StartAsync();

        var (_, answer) = await server.PostAsync("/generate", """{"text":"Once upon a time"}""");
        var events = await server.StreamAsync("/generate", """{"text":"Once upon a time","stream":true}""");

        foreach (var meta in events.Append(answer).Select(each => each["meta_info"]!)) Check(meta);
    }

    private static Task<TestServer> StartAsync() => TestServer.StartAsync(_ => Script.SayAll("Hello") with { CachedTokens = 9, Tiers = new TierTokens(3, 4) });

    private static void Check(JsonNode tokens)
    {
        Assert.Equal(9, (int)tokens["cached_tokens"]!);
        Assert.Equal(Details, tokens["cached_tokens_details"]!.ToJsonString());
    }
}
