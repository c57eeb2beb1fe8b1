using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using ActorInference.Host.Tests.Testing;

namespace ActorInference.Host.Tests.Http;

/// <summary>Guessing by prompt lookup, from the request's field to the engine and back: answers are the same, steps are fewer.</summary>
public sealed partial class PromptLookupTests(ServedNode node) : IClassFixture<ServedNode>
{
    private const int NewTokens = 48;
    private const string Text = "one two three four one two three four one two three four one two";

    [Theory]
    [InlineData(0)]
    [InlineData(0.7)]
    public async Task Answers_are_the_same_with_guesses_and_without_in_every_dialect(double temperature)
    {
        foreach (var answer in (Func<int, Task<string>>[])[lookup => CompleteAsync(temperature, lookup), lookup => GenerateAsync(temperature, lookup), lookup => ChatAsync(temperature, lookup)])
        {
            var plain = await answer(0);
            foreach (var lookup in new[] { 1, 7, 16 }) Assert.Equal(plain, await answer(lookup));
        }
    }

    [Fact]
    public async Task Guesses_are_made_for_those_who_ask_and_counted()
    {
        var before = await DraftedAsync();
        await CompleteAsync(temperature: 0, lookup: 16);
        var after = await DraftedAsync();

        Assert.True(after.Drafted > before.Drafted, $"{before.Drafted} tokens were guessed before, {after.Drafted} after.");
        Assert.InRange(after.Accepted - before.Accepted, 0, after.Drafted - before.Drafted);
    }

    [Fact]
    public async Task A_stream_with_guesses_has_an_event_for_each_token_in_order()
    {
        var plain = await GenerateAsync(0, lookup: 0);
        using var response = await node.Server.Client.PostAsJsonAsync("/generate", Generate(0, 16, stream: true));
        var events = TestServer.ParseEvents(await response.Content.ReadAsStringAsync());

        Assert.Equal(NewTokens, events.Count);
        Assert.Equal(plain, events[^1]["output_ids"]!.ToJsonString());
        for (var i = 0; i < events.Count; i++) Assert.Equal(i + 1, events[i]["output_ids"]!.AsArray().Count);
    }

    private async Task<string> CompleteAsync(double temperature, int lookup)
    {
        var answer = await PostAsync("/v1/completions", new JsonObject
        {
            ["prompt"] = Text,
            ["max_tokens"] = NewTokens,
            ["temperature"] = temperature,
            ["seed"] = 5,
            ["ignore_eos"] = true,
            ["return_token_ids"] = true,
            ["prompt_lookup_num_tokens"] = lookup,
        });
        var ids = answer["choices"]![0]!["token_ids"]!;
        Assert.Equal(NewTokens, ids.AsArray().Count);
        return ids.ToJsonString();
    }

    private async Task<string> GenerateAsync(double temperature, int lookup) =>
        (await PostAsync("/generate", Generate(temperature, lookup, stream: false)))["output_ids"]!.ToJsonString();

    private async Task<string> ChatAsync(double temperature, int lookup)
    {
        var answer = await PostAsync("/v1/chat/completions", new JsonObject
        {
            ["messages"] = new JsonArray(new JsonObject { ["role"] = "user", ["content"] = Text }),
            ["max_tokens"] = NewTokens,
            ["temperature"] = temperature,
            ["seed"] = 5,
            ["prompt_lookup_num_tokens"] = lookup,
        });
        return answer["choices"]![0]!.ToJsonString();
    }

    private static JsonObject Generate(double temperature, int lookup, bool stream) => new()
    {
        ["text"] = Text,
        ["stream"] = stream,
        ["sampling_params"] = new JsonObject
        {
            ["max_new_tokens"] = NewTokens,
            ["temperature"] = temperature,
            ["sampling_seed"] = 5,
            ["ignore_eos"] = true,
            ["prompt_lookup_num_tokens"] = lookup,
        },
    };

    private async Task<JsonNode> PostAsync(string path, JsonObject body)
    {
        using var response = await node.Server.Client.PostAsJsonAsync(path, body);
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(response.StatusCode == HttpStatusCode.OK, text);
        return JsonNode.Parse(text)!;
    }

    private async Task<(long Drafted, long Accepted)> DraftedAsync()
    {
        using var client = new HttpClient { Timeout = Executable.Limit };
        var text = await client.GetStringAsync(new Uri(node.Management, "metrics"));
        return (Count(text, "actorinference_drafted_tokens_total"), Count(text, "actorinference_accepted_draft_tokens_total"));
    }

    private static long Count(string metrics, string name)
    {
        var line = Sample().Matches(metrics).Single(match => match.Groups["name"].Value == name);
        return long.Parse(line.Groups["value"].ValueSpan);
    }

    [GeneratedRegex(@"^(?<name>\w+) (?<value>\d+)\r?$", RegexOptions.Multiline)]
    private static partial Regex Sample();
}
