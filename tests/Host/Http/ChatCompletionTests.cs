using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using ActorInference.Host.Tests.Testing;

namespace ActorInference.Host.Tests.Http;

public sealed class ChatCompletionTests
{
    private const string Path = "/v1/chat/completions";

    [Fact]
    public async Task An_answer_has_text_finish_reason_and_usage()
    {
        await using var server = await TestServer.StartAsync(_ => Script.SayAll("Hello!") with { CachedTokens = 4 });

        var (status, body) = await server.PostAsync(Path, """{"model":"bytes","messages":[{"role":"user","content":"Hi"}]}""");

        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Equal("chat.completion", (string?)body["object"]);
        Assert.StartsWith("chatcmpl-", (string?)body["id"]);
        var choice = body["choices"]![0]!;
        Assert.Equal("Hello!", (string?)choice["message"]!["content"]);
        Assert.Equal("assistant", (string?)choice["message"]!["role"]);
        Assert.Equal("stop", (string?)choice["finish_reason"]);
        var prompt = Encoding.UTF8.GetByteCount("[user]Hi\n[assistant]") + 1;
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(
            $$"""{"prompt_tokens":{{prompt}},"completion_tokens":7,"total_tokens":{{prompt + 7}},"prompt_tokens_details":{"cached_tokens":4,"cached_tokens_details":{"device":4,"host":0,"storage":0} } }"""), body["usage"]));
    }

    [Fact]
    public async Task The_prompt_is_the_rendered_template_with_one_begin_token()
    {
        await using var server = await TestServer.StartAsync("ok");

        await server.PostAsync(Path, """
            {"messages":[{"role":"developer","content":"Be brief."},{"role":"user","content":[{"type":"text","text":"Hi "},{"type":"text","text":"there"}]}],
             "chat_template_kwargs":{"mood":"glad"},"tools":[{"type":"function","function":{"name":"f"}}]}
            """);

        var request = Assert.Single(server.Generator.Requests);
        Assert.Equal([TestModel.Bos, .. TestModel.Ids("[system]Be brief.\n[user]Hi there\n(tools)(glad)[assistant]")], request.PromptIds.AsEnumerable());
    }

    [Fact]
    public async Task A_final_message_is_continued_without_a_new_turn()
    {
        await using var server = await TestServer.StartAsync("ok");

        await server.PostAsync(Path, """
            {"messages":[{"role":"user","content":"Count"},{"role":"assistant","content":"One, two"}],"continue_final_message":true}
            """);

        Assert.Equal([TestModel.Bos, .. TestModel.Ids("[user]Count\n[assistant]One, two")], server.Generator.Requests.Single().PromptIds.AsEnumerable());
    }

    [Fact]
    public async Task A_stream_is_role_then_text_then_finish_then_usage()
    {
        await using var server = await TestServer.StartAsync("Hé!");

        var events = await server.StreamAsync(Path, """
            {"messages":[{"role":"user","content":"Hi"}],"stream":true,"stream_options":{"include_usage":true}}
            """);

        Assert.All(events, chunk => Assert.Equal("chat.completion.chunk", (string?)chunk["object"]));
        Assert.Single(events.Select(chunk => (string?)chunk["id"]).Distinct());
        Assert.Equal("""{"role":"assistant","content":""}""", events[0]["choices"]![0]!["delta"]!.ToJsonString());
        Assert.Equal(["H", "é", "!"], events.Skip(1).SkipLast(2).Select(chunk => (string?)chunk["choices"]![0]!["delta"]!["content"]));
        Assert.All(events.SkipLast(2), chunk => Assert.Null(chunk["choices"]![0]!["finish_reason"]));
        Assert.Equal("stop", (string?)events[^2]["choices"]![0]!["finish_reason"]);
        Assert.Equal("{}", events[^2]["choices"]![0]!["delta"]!.ToJsonString());
        Assert.All(events.SkipLast(1), chunk => Assert.True(chunk.AsObject().TryGetPropertyValue("usage", out var none) && none is null, $"{chunk}"));
        Assert.Empty(events[^1]["choices"]!.AsArray());
        Assert.Equal(5, (int?)events[^1]["usage"]!["completion_tokens"]);
    }

    [Fact]
    public async Task A_stream_without_include_usage_has_none()
    {
        await using var server = await TestServer.StartAsync("Hi");

        var events = await server.StreamAsync(Path, """{"messages":[{"role":"user","content":"Hi"}],"stream":true}""");

        Assert.All(events, chunk => Assert.Single(chunk["choices"]!.AsArray()));
        Assert.All(events, chunk => Assert.False(chunk.AsObject().ContainsKey("usage")));
    }

    [Fact]
    public async Task Several_answers_draw_with_different_seeds_and_count_the_prompt_once()
    {
        await using var server = await TestServer.StartAsync("Hi");

        var (_, body) = await server.PostAsync(Path, """{"messages":[{"role":"user","content":"Hi"}],"n":3,"seed":7}""");

        Assert.Equal([0, 1, 2], body["choices"]!.AsArray().Select(choice => (int)choice!["index"]!));
        Assert.Equal([7UL, 8UL, 9UL], server.Generator.Requests.Select(request => request.Sampling.Seed).Order());
        Assert.Equal(9, (int?)body["usage"]!["completion_tokens"]);
        Assert.Equal(server.Generator.Requests.First().PromptIds.Length, (int?)body["usage"]!["prompt_tokens"]);
    }

    [Fact]
    public async Task A_stream_of_several_answers_gives_each_a_role_and_a_finish()
    {
        await using var server = await TestServer.StartAsync("Hello");

        var events = await server.StreamAsync(Path, """{"messages":[{"role":"user","content":"Hi"}],"n":3,"stream":true}""");

        foreach (var index in (int[])[0, 1, 2])
        {
            var own = events.Select(chunk => chunk["choices"]![0]!).Where(choice => (int)choice["index"]! == index).ToList();
            Assert.Equal("assistant", (string?)own[0]["delta"]!["role"]);
            Assert.Equal("Hello", string.Concat(own.Select(choice => (string?)choice["delta"]!["content"])));
            Assert.Equal("stop", (string?)own[^1]["finish_reason"]);
        }
    }

    [Fact]
    public async Task Logprobs_have_token_bytes_and_alternatives()
    {
        await using var server = await TestServer.StartAsync(_ => Script.Say("é"));

        var (_, body) = await server.PostAsync(Path, """
            {"messages":[{"role":"user","content":"Hi"}],"logprobs":true,"top_logprobs":2,"max_tokens":2}
            """);

        var content = body["choices"]![0]!["logprobs"]!["content"]!.AsArray();
        Assert.Equal(2, content.Count);
        Assert.Equal("[195]", content[0]!["bytes"]!.ToJsonString());
        Assert.Equal(-0.195, (double)content[0]!["logprob"]!, 5);
        Assert.Equal(2, content[0]!["top_logprobs"]!.AsArray().Count);
        Assert.Equal("[196]", content[0]!["top_logprobs"]![1]!["bytes"]!.ToJsonString());
        Assert.Equal(2, server.Generator.Requests.Single().Sampling.TopLogprobs);
    }

    [Fact]
    public async Task A_stop_string_ends_a_stream_and_is_not_sent()
    {
        await using var server = await TestServer.StartAsync(_ => Script.Say("one two\nUser: three"));

        var events = await server.StreamAsync(Path, """
            {"messages":[{"role":"user","content":"Hi"}],"stream":true,"stop":["\nUser:","###"]}
            """);

        Assert.Equal("one two", string.Concat(events.Select(chunk => (string?)chunk["choices"]![0]!["delta"]!["content"])));
        Assert.Equal("stop", (string?)events[^1]["choices"]![0]!["finish_reason"]);
        Assert.Equal("\nUser:", (string?)events[^1]["choices"]![0]!["matched_stop"]);
        await Deadline.OnAsync(server.Generator.Cancelled);
    }

    [Fact]
    public async Task All_sampling_fields_reach_the_generator()
    {
        await using var server = await TestServer.StartAsync("Hi");

        await server.PostAsync(Path, """
            {"messages":[{"role":"user","content":"Hi"}],"temperature":0.5,"top_p":0.9,"top_k":40,"min_p":0.05,"repetition_penalty":1.1,
             "presence_penalty":0.2,"frequency_penalty":-0.3,"seed":-1,"max_completion_tokens":9,"min_tokens":2,"stop_token_ids":[10],
             "ignore_eos":true,"logit_bias":{"5":-100,"6":2.5}}
            """);

        var sampling = server.Generator.Requests.Single().Sampling;
        Assert.Equal((0.5f, 0.9f, 40, 0.05f, 1.1f), (sampling.Temperature, sampling.TopP, sampling.TopK, sampling.MinP, sampling.RepetitionPenalty));
        Assert.Equal((0.2f, -0.3f, ulong.MaxValue, 9, 2), (sampling.PresencePenalty, sampling.FrequencyPenalty, sampling.Seed, sampling.MaxNewTokens, sampling.MinNewTokens));
        Assert.Equal(10, Assert.Single(sampling.StopTokenIds));
        Assert.True(sampling.IgnoreEos);
        Assert.Equal((-100f, 2.5f), (sampling.LogitBias![5], sampling.LogitBias[6]));
        Assert.Null(sampling.TopLogprobs);
    }

    [Fact]
    public async Task Silent_fields_take_the_models_advice_and_the_rest_of_the_context()
    {
        await using var server = await TestServer.StartAsync(_ => Script.SayAll("Hi"), model => model with { Defaults = new(0.6f, 0.95f, 20) });

        await server.PostAsync(Path, """{"messages":[{"role":"user","content":"Hi"}],"top_k":5}""");

        var request = server.Generator.Requests.Single();
        Assert.Equal((0.6f, 0.95f, 5), (request.Sampling.Temperature, request.Sampling.TopP, request.Sampling.TopK));
        Assert.Equal(TestModel.ContextTokens - request.PromptIds.Length, request.Sampling.MaxNewTokens);
    }

    [Fact]
    public async Task A_model_without_a_template_refuses_chat()
    {
        await using var server = await TestServer.StartAsync(_ => Script.SayAll("Hi"), model => model with { ChatTemplate = null });

        var (status, body) = await server.PostAsync(Path, """{"messages":[{"role":"user","content":"Hi"}]}""");

        Assert.Equal(HttpStatusCode.BadRequest, status);
        Assert.Equal("The model 'bytes' has no chat template; use /v1/completions.", (string?)body["error"]!["message"]);
    }
}
