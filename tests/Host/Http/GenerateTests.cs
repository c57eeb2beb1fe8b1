using System.Net;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using ActorInference.Host.Tests.Testing;
using ActorInference.Roles.Gateway;

namespace ActorInference.Host.Tests.Http;

/// <summary>The contract of SGLang's clients, which count events and read each as a whole.</summary>
public sealed class GenerateTests
{
    private const string Path = "/generate";

    [Fact]
    public async Task A_stream_has_one_cumulative_event_a_token()
    {
        await using var server = await TestServer.StartAsync(_ => Script.Say("abcdef") with { CachedTokens = 2 });

        var events = await server.StreamAsync(Path, """
            {"input_ids":[1,2,3],"sampling_params":{"temperature":0.0,"max_new_tokens":5,"ignore_eos":true},"stream":true,
             "stream_options":{"include_usage":true},"lora_path":"","return_logprob":false,"logprob_start_len":-1,"return_routed_experts":false}
            """);

        Assert.Equal(5, events.Count);
        for (var i = 0; i < events.Count; i++)
        {
            Assert.Equal("abcde"[..(i + 1)], (string?)events[i]["text"]);
            Assert.Equal(TestModel.Ids("abcde")[..(i + 1)], events[i]["output_ids"]!.AsArray().Select(id => (int)id!));
            var meta = events[i]["meta_info"]!;
            Assert.Equal((3, 2, i + 1), ((int)meta["prompt_tokens"]!, (int)meta["cached_tokens"]!, (int)meta["completion_tokens"]!));
            Assert.Equal(i == 4 ? """{"type":"length","length":5}""" : null, meta["finish_reason"]?.ToJsonString());
        }
    }

    [Fact]
    public async Task A_streams_first_event_leaves_before_the_second_token_is_there()
    {
        var second = new TaskCompletionSource();
        var script = Script.Say("ab") with { Before = (index, cancel) => index == 0 ? Task.CompletedTask : second.Task.WaitAsync(cancel) };
        await using var server = await TestServer.StartAsync(_ => script);

        using var request = new HttpRequestMessage(HttpMethod.Post, Path)
        {
            Content = TestServer.Json("""{"input_ids":[1],"sampling_params":{"max_new_tokens":2},"stream":true}"""),
        };
        using var response = await server.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        using var lines = new StreamReader(await response.Content.ReadAsStreamAsync());
        var first = await lines.ReadLineAsync().WaitAsync(TimeSpan.FromSeconds(60));
        Assert.Contains("\"output_ids\":[97]", first);
        second.SetResult();
        var rest = await lines.ReadToEndAsync();
        Assert.EndsWith("data: [DONE]\n\n", rest);
    }

    [Fact]
    public async Task An_end_token_is_in_the_ids_and_not_in_the_text()
    {
        await using var server = await TestServer.StartAsync("Hi");

        var (status, body) = await server.PostAsync(Path, """{"text":"x"}""");

        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Equal("Hi", (string?)body["text"]);
        Assert.Equal("[72,105,257]", body["output_ids"]!.ToJsonString());
        Assert.Equal("""{"type":"stop","matched":257}""", body["meta_info"]!["finish_reason"]!.ToJsonString());
        Assert.True((double)body["meta_info"]!["e2e_latency"]! > 0);
        Assert.False(body.AsObject().ContainsKey("index"));
    }

    [Fact]
    public async Task A_stop_string_is_matched_and_trimmed_unless_kept()
    {
        await using var server = await TestServer.StartAsync(_ => Script.Say("one. two."));

        var (_, trimmed) = await server.PostAsync(Path, """{"text":"x","sampling_params":{"stop":". "}}""");
        var (_, kept) = await server.PostAsync(Path, """{"text":"x","sampling_params":{"stop":". ","no_stop_trim":true}}""");

        Assert.Equal("one", (string?)trimmed["text"]);
        Assert.Equal("""{"type":"stop","matched":". "}""", trimmed["meta_info"]!["finish_reason"]!.ToJsonString());
        Assert.Equal("one. ", (string?)kept["text"]);
    }

    [Fact]
    public async Task A_batch_is_a_list_with_sampling_and_ids_of_its_own()
    {
        await using var server = await TestServer.StartAsync(request => Script.Say(new string((char)request.PromptIds[^1], 9)));

        var (_, body) = await server.PostAsync(Path, """
            {"text":["a","b"],"rid":["r1","r2"],"sampling_params":[{"max_new_tokens":1},{"max_new_tokens":2}]}
            """);

        Assert.Equal(["a", "bb"], body.AsArray().Select(item => (string?)item!["text"]));
        Assert.Equal(["r1", "r2"], body.AsArray().Select(item => (string?)item!["meta_info"]!["id"]));
    }

    [Fact]
    public async Task A_streamed_batch_tells_events_apart_by_index()
    {
        await using var server = await TestServer.StartAsync(request => Script.Say(new string((char)request.PromptIds[^1], 9)));

        var events = await server.StreamAsync(Path, """{"text":["a","b"],"sampling_params":{"max_new_tokens":3},"stream":true}""");

        Assert.Equal(6, events.Count);
        Assert.Equal(["a", "aa", "aaa"], events.Where(item => (int)item["index"]! == 0).Select(item => (string?)item["text"]));
        Assert.Equal(["b", "bb", "bbb"], events.Where(item => (int)item["index"]! == 1).Select(item => (string?)item["text"]));
    }

    [Fact]
    public async Task Several_answers_to_one_prompt_are_a_list()
    {
        await using var server = await TestServer.StartAsync("a");

        var (_, body) = await server.PostAsync(Path, """{"text":"x","rid":"r","sampling_params":{"n":2}}""");

        Assert.Equal(["r-0", "r-1"], body.AsArray().Select(item => (string?)item!["meta_info"]!["id"]));
    }

    [Fact]
    public async Task Logprobs_are_triples_of_value_id_and_text()
    {
        await using var server = await TestServer.StartAsync(_ => Script.Say("a\"b"));

        var events = await server.StreamAsync(Path, """
            {"text":"x","stream":true,"return_logprob":true,"top_logprobs_num":1,"return_text_in_logprobs":true,"sampling_params":{"max_new_tokens":3}}
            """);

        var meta = events[^1]["meta_info"]!;
        Assert.Equal("""[[-0.097,97,"a"],[-0.034,34,"\""],[-0.098,98,"b"]]""", meta["output_token_logprobs"]!.ToJsonString(Relaxed));
        Assert.Equal("""[[[-0.097,97,"a"]],[[-0.034,34,"\""]],[[-0.098,98,"b"]]]""", meta["output_top_logprobs"]!.ToJsonString(Relaxed));
        Assert.Single(events[0]["meta_info"]!["output_token_logprobs"]!.AsArray());
    }

    [Fact]
    public async Task Text_is_escaped_and_otherwise_left_alone()
    {
        const string Text = "\"\\\n\u0001é😀</script>";
        await using var server = await TestServer.StartAsync(Text);

        var (_, body) = await server.PostAsync(Path, """{"text":"x"}""");

        Assert.Equal(Text, (string?)body["text"]);
    }

    [Fact]
    public async Task Put_is_as_good_as_post()
    {
        await using var server = await TestServer.StartAsync("a");

        using var response = await server.Client.PutAsync(Path, TestServer.Json("""{"text":"x"}"""));

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    [Fact]
    public async Task An_aborted_request_ends_its_stream_with_the_reason()
    {
        var script = Script.Say("abc") with { Before = (index, cancel) => index == 0 ? Task.CompletedTask : Task.Delay(Timeout.Infinite, cancel) };
        await using var server = await TestServer.StartAsync(_ => script);

        var stream = server.StreamAsync(Path, """{"text":"x","rid":"abc-1","stream":true}""");
        await Deadline.UntilAsync(() => server.Generator.Running == 1, "the generation runs");
        using (var other = await server.Client.PostAsync("/abort_request", TestServer.Json("""{"rid":"abd"}""")))
            Assert.Equal(HttpStatusCode.OK, other.StatusCode);
        using (var aborted = await server.Client.PostAsync("/abort_request", TestServer.Json("""{"rid":"abc"}""")))
            Assert.Equal(HttpStatusCode.OK, aborted.StatusCode);
        await Deadline.OnAsync(stream);

        Assert.Equal("abort", (string?)(await stream)[^1]["meta_info"]!["finish_reason"]!["type"]);
        await Deadline.UntilAsync(() => server.Active.Count == 0, "the request is forgotten");
    }

    [Fact]
    public async Task An_id_in_use_is_refused_and_the_other_request_is_not_hurt()
    {
        var go = new TaskCompletionSource();
        await using var server = await TestServer.StartAsync(_ => Script.Say("a") with { Before = (_, cancel) => go.Task.WaitAsync(cancel) });

        var first = server.PostAsync(Path, """{"text":"x","rid":"same"}""");
        await Deadline.UntilAsync(() => server.Generator.Running == 1, "the first runs");
        var (status, body) = await server.PostAsync(Path, """{"text":"x","rid":"same"}""");
        go.SetResult();

        Assert.Equal(HttpStatusCode.BadRequest, status);
        Assert.Equal("rid is \"same\"; expected an id that no other request under way has.", (string?)body["error"]!["message"]);
        Assert.Equal(HttpStatusCode.OK, (await first).Status);
    }

    [Fact]
    public async Task A_failure_in_mid_stream_is_an_event_that_says_whether_to_retry()
    {
        var script = Script.Say("ab") with { End = new GenerationFailed(GenerationError.Unavailable, "No decode worker is left.") };
        await using var server = await TestServer.StartAsync(_ => script);

        var events = await server.StreamAsync(Path, """{"text":"x","stream":true}""");

        Assert.Equal(3, events.Count);
        Assert.True(JsonNode.DeepEquals(
            JsonNode.Parse("""{"message":"No decode worker is left.","type":"server_error","code":503,"retryable":true}"""), events[^1]["error"]));
    }

    private static readonly JsonSerializerOptions Relaxed =
        new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
}
