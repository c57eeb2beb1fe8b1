using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using ActorInference.Host.Http;
using ActorInference.Host.Tests.Testing;
using ActorInference.Roles.Gateway;

namespace ActorInference.Host.Tests.Http;

/// <summary>Each wrong request gets one sentence that names the field, its value, and what was expected.</summary>
public sealed class BadInputTests
{
    private const string Message = """{"role":"user","content":"Hi"}""";

    public static TheoryData<string, string, string?> ChatCases => new()
    {
        { "{\"messages\":[", "The body is not valid JSON: line 1, byte 14:", null },
        { "[1,2]", "The body is [1,2]; expected a JSON object.", null },
        { "{}", "messages is missing; expected an array of at least one message.", "messages" },
        { """{"messages":[]}""", "messages is empty; expected at least one message.", "messages" },
        { """{"messages":"Hi"}""", "messages is \"Hi\"; expected an array of at least one message.", "messages" },
        { """{"messages":["Hi"]}""", "messages[0] is \"Hi\"; expected an object with role and content.", "messages[0]" },
        { """{"messages":[{"role":"king","content":"x"}]}""", "messages[0].role is \"king\"; expected system, developer, user, assistant or tool.", "messages[0].role" },
        { """{"messages":[{"content":"x"}]}""", "messages[0].role is missing; expected system,", "messages[0].role" },
        { """{"messages":[{"role":"user"}]}""", "messages[0].content is missing; expected a string or an array of text parts.", "messages[0].content" },
        { """{"messages":[{"role":"user","content":5}]}""", "messages[0].content is 5; expected a string or", "messages[0].content" },
        { """{"messages":[{"role":"user","content":[{"type":"image_url"}]}]}""", "messages[0].content[0].type is \"image_url\"; expected \"text\"", "messages[0].content[0].type" },
        { """{"messages":[{"role":"user","content":"\ud800"}]}""", "messages[0].content is a string that is not valid Unicode", "messages[0].content" },
        { With("\"max_tokens\":-5"), "max_tokens is -5; expected an integer of at least 1.", "max_tokens" },
        { With("\"max_tokens\":0"), "max_tokens is 0; expected an integer of at least 1.", "max_tokens" },
        { With("\"max_tokens\":\"many\""), "max_tokens is \"many\"; expected an integer of at least 1.", "max_tokens" },
        { With("\"max_tokens\":1.5"), "max_tokens is 1.5; expected an integer", "max_tokens" },
        { With("\"max_tokens\":1000"), "max_tokens is 1000; expected at most 235, since the prompt has 21 tokens and the model's context is 256 tokens.", "max_tokens" },
        { With("\"max_tokens\":2,\"min_tokens\":3"), "min_tokens is 3; expected at most max_tokens, which is 2.", "min_tokens" },
        { With("\"temperature\":-1"), "temperature is -1; expected a number from 0 to 100.", "temperature" },
        { With("\"temperature\":\"hot\""), "temperature is \"hot\"; expected a number from 0 to 100.", "temperature" },
        { With("\"temperature\":1e400"), "temperature is 1e400; expected a number from 0 to 100.", "temperature" },
        { With("\"top_p\":0"), "top_p is 0; expected a number above 0 to 1.", "top_p" },
        { With("\"n\":0"), "n is 0; expected an integer from 1 to 256.", "n" },
        { With("\"prompt_lookup_num_tokens\":17"), "prompt_lookup_num_tokens is 17; expected an integer from 0 to 16.", "prompt_lookup_num_tokens" },
        { With("\"prompt_lookup_num_tokens\":-1"), "prompt_lookup_num_tokens is -1; expected an integer from 0 to 16.", "prompt_lookup_num_tokens" },
        { With("\"prompt_lookup_num_tokens\":\"all\""), "prompt_lookup_num_tokens is \"all\"; expected an integer from 0 to 16.", "prompt_lookup_num_tokens" },
        { With("\"stream\":\"yes\""), "stream is \"yes\"; expected true or false.", "stream" },
        { With("\"seed\":1.5"), "seed is 1.5; expected a 64-bit integer.", "seed" },
        { With("\"stop\":5"), "stop is 5; expected a string or an array", "stop" },
        { With("\"stop\":[\"a\",\"\"]"), "stop[1] is \"\"; expected", "stop[1]" },
        { With("\"stop_token_ids\":[1,258]"), "stop_token_ids[1] is 258; expected a token id from 0 to 257.", "stop_token_ids[1]" },
        { With("\"logit_bias\":{\"x\":1}"), "logit_bias is {\"x\": ...}; expected keys that are token ids from 0 to 257.", "logit_bias" },
        { With("\"logit_bias\":{\"5\":101}"), "logit_bias.5 is 101; expected a number from -100 to 100.", "logit_bias.5" },
        { With("\"logprobs\":5"), "logprobs is 5; expected true or false.", "logprobs" },
        { With("\"top_logprobs\":3"), "top_logprobs is 3; expected logprobs to be true beside it.", "top_logprobs" },
        { With("\"logprobs\":true,\"top_logprobs\":21"), "top_logprobs is 21; expected an integer from 0 to 20.", "top_logprobs" },
        { With("\"stream_options\":1"), "stream_options is 1; expected an object.", null },
        { With("\"response_format\":{\"type\":\"xml\"}"), "response_format.type is \"xml\"; expected \"text\", \"json_object\" or \"json_schema\".", "response_format.type" },
        { With("\"response_format\":{\"type\":\"json_schema\",\"json_schema\":{\"name\":\"n\"}}"), "response_format.json_schema.schema is missing; expected a JSON schema.", "response_format.json_schema.schema" },
        { With("\"response_format\":{\"type\":\"json_schema\",\"json_schema\":{\"schema\":{\"not\":{}}}}"), "response_format: The JSON schema has 'not' at #; expected a schema without it: this is not supported.", "response_format" },
        { With("\"response_format\":{\"type\":\"json_object\"},\"regex\":\"a\""), "response_format is given beside regex; expected one of them.", "response_format" },
        { With("\"tool_choice\":\"required\""), "tools is missing; expected the tools of which 'tool_choice' demands one.", "tools" },
        { With("\"tool_choice\":\"maybe\""), "tool_choice is \"maybe\"; expected \"none\", \"auto\", \"required\" or an object with type and function.", "tool_choice" },
        { With("\"tool_choice\":{\"type\":\"function\",\"function\":{\"name\":\"g\"}},\"tools\":[{\"function\":{\"name\":\"f\"}}]"), "tool_choice.function.name is \"g\"; expected the name of one of 'tools'.", "tool_choice.function.name" },
        { With("\"tool_choice\":\"required\",\"tools\":[{\"function\":{\"name\":\"f\",\"parameters\":{\"not\":{}}}}]"), "tools: The JSON schema has 'not' at #/anyOf/0/properties/arguments; expected", "tools" },
        { With("\"tool_choice\":\"required\",\"regex\":\"a\",\"tools\":[{\"function\":{\"name\":\"f\"}}]"), "tool_choice is given beside another constraint of the answer; expected one of them.", "tool_choice" },
        { With("\"tools\":[{\"type\":\"function\"}]"), "tools[0].function.name is missing; expected a string.", "tools[0].function.name" },
        { With("\"lora_path\":\"x\""), "lora_path: serving LoRA adapters is not supported.", "lora_path" },
        { With("\"regex\":\"(a\""), "regex: The regular expression has the end of the text at character 3; expected ')'.", "regex" },
        { With("\"structural_tag\":\"{}\""), "structural_tag: this way to constrain the output is not supported.", "structural_tag" },
        { With("\"continue_final_message\":true"), "continue_final_message is true; expected a last message of the role assistant after others.", "continue_final_message" },
    };

    [Theory]
    [MemberData(nameof(ChatCases))]
    public async Task A_wrong_chat_request_says_what_is_wrong(string body, string expected, string? param)
    {
        await using var server = await TestServer.StartAsync("never");

        var (status, answer) = await server.PostAsync("/v1/chat/completions", body);

        var error = answer["error"]!;
        Assert.StartsWith(expected, (string?)error["message"]);
        Assert.Equal(HttpStatusCode.BadRequest, status);
        Assert.Equal("invalid_request_error", (string?)error["type"]);
        if (param is not null) Assert.Equal(param, (string?)error["param"]);
        Assert.True(error.AsObject().ContainsKey("code"));
        Assert.Empty(server.Generator.Requests);
        Assert.Equal(0, server.Active.Count);
    }

    [Theory]
    [InlineData("{}", "prompt is missing; expected a string, an array of strings, an array of token ids, or an array of such arrays.")]
    [InlineData("""{"prompt":[]}""", "prompt is []; expected a string,")]
    [InlineData("""{"prompt":{"a":1}}""", "prompt is {\"a\":1}; expected a string,")]
    [InlineData("""{"prompt":[1,"a"]}""", "prompt[1] is \"a\"; expected a token id from 0 to 257.")]
    [InlineData("""{"prompt":["a",1]}""", "prompt[1] is 1; expected the same kind as prompt[0].")]
    [InlineData("""{"prompt":[[1],[]]}""", "prompt[1] is []; expected at least 1 token id.")]
    [InlineData("""{"prompt":[-1]}""", "prompt[0] is -1; expected a token id from 0 to 257.")]
    [InlineData("""{"prompt":"a","prompt_lookup_num_tokens":2.5}""", "prompt_lookup_num_tokens is 2.5; expected an integer from 0 to 16.")]
    [InlineData("""{"prompt":"a","suffix":"b"}""", "suffix: text after the completion is not supported.")]
    [InlineData("""{"prompt":"a","best_of":4}""", "best_of: choosing among more answers than n is not supported.")]
    [InlineData("""{"prompt":"a","echo":true,"logprobs":1}""", "echo: echo with log-probabilities is not supported.")]
    [InlineData("""{"prompt":["a","b"],"n":200}""", "n is 200; expected at most 128 for 2 prompts.")]
    public async Task A_wrong_completion_request_says_what_is_wrong(string body, string expected)
    {
        await using var server = await TestServer.StartAsync("never");

        var (status, answer) = await server.PostAsync("/v1/completions", body);

        Assert.StartsWith(expected, (string?)answer["error"]!["message"]);
        Assert.Equal(HttpStatusCode.BadRequest, status);
        Assert.Empty(server.Generator.Requests);
    }

    [Theory]
    [InlineData("{}", "text and input_ids are both missing; expected one of them.")]
    [InlineData("""{"text":"a","input_ids":[1]}""", "text and input_ids are both present; expected one of them.")]
    [InlineData("""{"input_ids":[300]}""", "input_ids[0] is 300; expected a token id from 0 to 257.")]
    [InlineData("""{"text":"a","sampling_params":5}""", "sampling_params is 5; expected an object,")]
    [InlineData("""{"text":"a","sampling_params":{"max_new_tokens":-1}}""", "sampling_params.max_new_tokens is -1; expected an integer of at least 1.")]
    [InlineData("""{"text":"a","sampling_params":{"temperature":[]}}""", "sampling_params.temperature is []; expected a number from 0 to 100.")]
    [InlineData("""{"text":"a","sampling_params":{"prompt_lookup_num_tokens":99}}""", "sampling_params.prompt_lookup_num_tokens is 99; expected an integer from 0 to 16.")]
    [InlineData("""{"text":"a","sampling_params":{"json_schema":"{"}}""", "sampling_params.json_schema: The JSON schema is no JSON:")]
    [InlineData("""{"text":"a","lora_path":"x"}""", "lora_path: serving LoRA adapters is not supported.")]
    [InlineData("""{"text":"a","return_logprob":true,"logprob_start_len":0}""", "logprob_start_len: log-probabilities of the prompt is not supported.")]
    [InlineData("""{"text":["a","b"],"rid":"one"}""", "rid is \"one\"; expected an array of 2 strings.")]
    public async Task A_wrong_generate_request_says_what_is_wrong_in_its_own_form(string body, string expected)
    {
        await using var server = await TestServer.StartAsync("never");

        var (status, answer) = await server.PostAsync("/generate", body);

        Assert.StartsWith(expected, (string?)answer["error"]!["message"]);
        Assert.Equal(HttpStatusCode.BadRequest, status);
        Assert.Equal(["message"], answer["error"]!.AsObject().Select(field => field.Key));
        Assert.Empty(server.Generator.Requests);
    }

    [Theory]
    [InlineData("/generate", """{"input_ids":IDS}""", null)]
    [InlineData("/v1/completions", """{"prompt":IDS}""", "prompt")]
    [InlineData("/v1/completions", """{"prompt":IDS,"max_tokens":5}""", "prompt")]
    public async Task A_prompt_longer_than_the_context_is_refused_with_both_numbers(string path, string body, string? param)
    {
        await using var server = await TestServer.StartAsync("never");
        var ids = $"[{string.Join(',', Enumerable.Repeat(1, TestModel.ContextTokens))}]";

        var (status, answer) = await server.PostAsync(path, body.Replace("IDS", ids));

        Assert.Equal(HttpStatusCode.BadRequest, status);
        Assert.Equal("The prompt has 256 tokens; expected at most 255, since the model's context is 256 tokens.", (string?)answer["error"]!["message"]);
        Assert.Equal(param, (string?)answer["error"]!["param"]);
    }

    [Fact]
    public async Task An_unknown_model_is_not_found()
    {
        await using var server = await TestServer.StartAsync("never");

        var (status, answer) = await server.PostAsync("/v1/chat/completions", With("\"model\":\"gpt-9\""));

        Assert.Equal(HttpStatusCode.NotFound, status);
        Assert.Equal("model_not_found", (string?)answer["error"]!["code"]);
        Assert.Equal("The model 'gpt-9' does not exist; this server has 'bytes'.", (string?)answer["error"]!["message"]);
    }

    [Theory]
    [InlineData("GET", "/v1/unknown", HttpStatusCode.NotFound, "There is no /v1/unknown here.")]
    [InlineData("GET", "/v1/completions", HttpStatusCode.MethodNotAllowed, "/v1/completions does not take GET.")]
    [InlineData("GET", "/unknown", HttpStatusCode.NotFound, "There is no /unknown here.")]
    [InlineData("GET", "/v1/models/gpt-9", HttpStatusCode.NotFound, "The model 'gpt-9' does not exist; this server has 'bytes'.")]
    public async Task A_wrong_path_or_method_is_told_in_the_error_form(string method, string path, HttpStatusCode expected, string message)
    {
        await using var server = await TestServer.StartAsync("never");

        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        using var response = await server.Client.SendAsync(request);

        Assert.Equal(expected, response.StatusCode);
        Assert.Equal(message, (string?)JsonNode.Parse(await response.Content.ReadAsStringAsync())!["error"]!["message"]);
    }

    [Theory]
    [InlineData(GenerationError.InvalidRequest, 400, false)]
    [InlineData(GenerationError.Overloaded, 429, true)]
    [InlineData(GenerationError.Unavailable, 503, true)]
    [InlineData(GenerationError.TimedOut, 504, true)]
    [InlineData(GenerationError.Internal, 500, false)]
    public async Task A_failure_of_the_cluster_has_its_status_also_before_a_stream(GenerationError error, int status, bool retry)
    {
        await using var server = await TestServer.StartAsync(_ => Script.Fail(error, "The queue is full."));

        foreach (var body in (string[])[With("\"stream\":false"), With("\"stream\":true"), With("\"stream\":true,\"n\":2")])
        {
            using var response = await server.Client.PostAsync("/v1/chat/completions", TestServer.Json(body));
            Assert.Equal(status, (int)response.StatusCode);
            Assert.Equal(retry, response.Headers.RetryAfter is not null);
            Assert.Equal("The queue is full.", (string?)JsonNode.Parse(await response.Content.ReadAsStringAsync())!["error"]!["message"]);
        }
    }

    [Fact]
    public async Task A_failure_in_mid_stream_is_an_error_event_and_ends_the_stream()
    {
        await using var server = await TestServer.StartAsync(_ => Script.Say("ab") with { End = new GenerationFailed(GenerationError.TimedOut, "Too slow.") });

        var events = await server.StreamAsync("/v1/chat/completions", With("\"stream\":true"));

        Assert.Equal("Too slow.", (string?)events[^1]["error"]!["message"]);
        Assert.Equal("timeout", (string?)events[^1]["error"]!["code"]);
        Assert.Equal("ab", string.Concat(events.SkipLast(1).Select(chunk => (string?)chunk["choices"]![0]!["delta"]!["content"])));
    }

    [Fact]
    public async Task A_fault_of_ours_tells_nothing_of_itself()
    {
        await using var server = await TestServer.StartAsync(_ => throw new InvalidOperationException("secret"));

        var (status, answer) = await server.PostAsync("/v1/chat/completions", With("\"n\":1"));

        Assert.Equal(HttpStatusCode.InternalServerError, status);
        Assert.Equal("The server failed; its log says why.", (string?)answer["error"]!["message"]);
    }

    [Fact]
    public async Task A_body_over_the_limit_is_refused_and_the_server_goes_on()
    {
        await using var server = await TestServer.StartAsync("fine");

        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/completions") { Content = new ByteArrayContent(new byte[HttpLimits.MaxBodyBytes + 1]) };
        request.Headers.ExpectContinue = true;   // So that the client listens before it sends all of it.
        using var response = await server.Client.SendAsync(request);
        var (status, _) = await server.PostAsync("/v1/completions", """{"prompt":"x"}""");

        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, response.StatusCode);
        Assert.Contains("The body is too large; expected at most", await response.Content.ReadAsStringAsync());
        Assert.Equal(HttpStatusCode.OK, status);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_client_that_leaves_cancels_its_generation(bool stream)
    {
        var script = Script.Say("abc") with { Before = (index, cancel) => index == 0 ? Task.CompletedTask : Task.Delay(Timeout.Infinite, cancel) };
        await using var server = await TestServer.StartAsync(_ => script);
        var body = $$"""{"prompt":"x","stream":{{(stream ? "true" : "false")}}}""";
        using (var socket = new TcpClient())
        {
            await socket.ConnectAsync(server.Address.Host, server.Address.Port);
            await socket.GetStream().WriteAsync(Encoding.ASCII.GetBytes(
                $"POST /v1/completions HTTP/1.1\r\nHost: x\r\nContent-Length: {body.Length}\r\n\r\n{body}"));
            await Deadline.UntilAsync(() => server.Generator.Running == 1, "the generation runs");
        }

        await Deadline.OnAsync(server.Generator.Cancelled);
        await Deadline.UntilAsync(() => server.Active.Count == 0 && server.Generator.Running == 0, "everything is given back");
    }

    private static string With(string field) => $$"""{"messages":[{{Message}}],{{field}}}""";
}
