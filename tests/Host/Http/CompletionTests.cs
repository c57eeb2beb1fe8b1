using System.Net;
using ActorInference.Host.Tests.Testing;

namespace ActorInference.Host.Tests.Http;

public sealed class CompletionTests
{
    private const string Path = "/v1/completions";

    [Fact]
    public async Task A_text_prompt_gets_the_begin_token_and_ids_do_not()
    {
        await using var server = await TestServer.StartAsync("x");

        await server.PostAsync(Path, """{"prompt":"ab"}""");
        await server.PostAsync(Path, """{"prompt":[97,98]}""");

        Assert.Equal([[TestModel.Bos, 97, 98], [97, 98]], server.Generator.Requests.Select(request => request.PromptIds.ToArray()));
    }

    [Theory]
    [InlineData("""["a","b"]""")]
    [InlineData("[[97],[98]]")]
    public async Task A_batch_is_answered_prompt_by_prompt(string prompt)
    {
        await using var server = await TestServer.StartAsync(request => Script.SayAll(new string((char)request.PromptIds[^1], 2)));

        var (status, body) = await server.PostAsync(Path, $$"""{"prompt":{{prompt}},"n":2}""");

        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Equal(["aa", "aa", "bb", "bb"], body["choices"]!.AsArray().Select(choice => (string?)choice!["text"]));
        Assert.Equal([0, 1, 2, 3], body["choices"]!.AsArray().Select(choice => (int)choice!["index"]!));
        Assert.Equal(12, (int?)body["usage"]!["completion_tokens"]);
    }

    [Fact]
    public async Task Without_a_limit_sixteen_tokens_come()
    {
        await using var server = await TestServer.StartAsync(_ => Script.Say(new string('a', 100)));

        var (_, body) = await server.PostAsync(Path, """{"prompt":"x"}""");

        Assert.Equal(16, ((string?)body["choices"]![0]!["text"])!.Length);
        Assert.Equal("length", (string?)body["choices"]![0]!["finish_reason"]);
    }

    [Fact]
    public async Task Echo_begins_with_the_prompt()
    {
        await using var server = await TestServer.StartAsync("!");

        var (_, whole) = await server.PostAsync(Path, """{"prompt":"Hi","echo":true}""");
        var events = await server.StreamAsync(Path, """{"prompt":[72,105],"echo":true,"stream":true}""");

        Assert.Equal("Hi!", (string?)whole["choices"]![0]!["text"]);
        Assert.Equal("Hi!", string.Concat(events.Select(chunk => (string?)chunk["choices"]![0]!["text"])));
    }

    [Fact]
    public async Task Token_ids_are_told_on_request()
    {
        await using var server = await TestServer.StartAsync("Hi");

        var (_, whole) = await server.PostAsync(Path, """{"prompt":"x","return_token_ids":true}""");
        var events = await server.StreamAsync(Path, """{"prompt":"x","return_token_ids":true,"stream":true}""");

        int[] expected = [72, 105, TestModel.Eos];
        Assert.Equal(expected, whole["choices"]![0]!["token_ids"]!.AsArray().Select(id => (int)id!));
        Assert.Equal(expected, events.SelectMany(chunk => chunk["choices"]![0]!["token_ids"]!.AsArray()).Select(id => (int)id!));
    }

    [Fact]
    public async Task Logprobs_are_four_lists_of_equal_length()
    {
        await using var server = await TestServer.StartAsync(_ => Script.Say("ab"));

        var (_, body) = await server.PostAsync(Path, """{"prompt":"x","logprobs":2,"max_tokens":2}""");

        var logprobs = body["choices"]![0]!["logprobs"]!;
        Assert.Equal("""["a","b"]""", logprobs["tokens"]!.ToJsonString());
        Assert.Equal([-0.097f, -0.098f], logprobs["token_logprobs"]!.AsArray().Select(value => (float)value!));
        Assert.Equal("[0,1]", logprobs["text_offset"]!.ToJsonString());
        Assert.Equal(["a", "b"], logprobs["top_logprobs"]![0]!.AsObject().Select(entry => entry.Key));
    }

    [Fact]
    public async Task A_stream_ends_with_the_finish_reason_and_usage()
    {
        await using var server = await TestServer.StartAsync("abc");

        var events = await server.StreamAsync(Path, """{"prompt":"x","stream":true,"stream_options":{"include_usage":true}}""");

        Assert.Equal("abc", string.Concat(events.SkipLast(1).Select(chunk => (string?)chunk["choices"]![0]!["text"])));
        Assert.Equal("stop", (string?)events[^2]["choices"]![0]!["finish_reason"]);
        Assert.All(events.SkipLast(1), chunk => Assert.True(chunk.AsObject().TryGetPropertyValue("usage", out var none) && none is null, $"{chunk}"));
        Assert.Empty(events[^1]["choices"]!.AsArray());
        Assert.Equal(4, (int?)events[^1]["usage"]!["completion_tokens"]);
    }
}
