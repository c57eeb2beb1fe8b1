using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using ActorInference.Host.Tests.Testing;
using static ActorInference.Host.Tests.Testing.GenerateCalls;

namespace ActorInference.Host.Tests.Tracing;

/// <summary>Spans of requests, as a collector gets them from the built program.</summary>
public sealed class TracingTests
{
    private const string Chat = "POST /v1/chat/completions";
    private const string Http = "actor-inference.tracing.protocol=http/protobuf";

    [Fact]
    public async Task A_request_is_one_trace_that_its_client_began()
    {
        await using var receiver = await OtlpReceiver.StartAsync(isGrpc: false);
        await using var server = await RunningServer.StartAsync("--otlp-endpoint", receiver.Endpoint, "--set", Http);
        var client = new Caller();

        var answer = await ChatAsync(server, client.Recorded);
        await receiver.ComeAsync(client.TraceId, Chat, "decode job", "prefill job");

        var spans = receiver.Of(client.TraceId);
        var request = Assert.Single(spans, span => span.Name == Chat);
        Assert.Equal(client.SpanId, request.ParentId);
        Assert.Equal("actorinference", request.Service);
        AssertSays(request, answer);
        Assert.Equal(["generation", "tokenize"], Under(spans, request).Select(span => span.Name).Order());
        var generation = spans.Single(span => span.Name == "generation");
        Assert.Equal(request.Tags["gen_ai.usage.output_tokens"], generation.Tags["gen_ai.usage.output_tokens"]);
        var attempt = Assert.Single(Under(spans, generation));
        Assert.Equal("attempt", attempt.Name);
        Assert.Equal(["decode job", "prefill job", "route"], Under(spans, attempt).Select(span => span.Name).Order());
        Assert.All(spans, span => Assert.True(span is { IsError: false } && span.Start <= span.End && span.Start >= request.Start, $"{span.Name}"));
    }

    [Fact]
    public async Task Only_traces_that_are_to_be_recorded_are_sent()
    {
        await using var receiver = await OtlpReceiver.StartAsync(isGrpc: false);
        await using var server = await RunningServer.StartAsync("--otlp-endpoint", receiver.Endpoint, "--set", Http, "--set", "actor-inference.tracing.sample=0");
        var (recorded, unrecorded) = (new Caller(), new Caller());

        await ChatAsync(server, traceParent: null);
        await ChatAsync(server, unrecorded.Unrecorded);
        await ChatAsync(server, recorded.Recorded);
        await server.TerminateAsync();

        Assert.NotEmpty(receiver.Spans);
        Assert.All(receiver.Spans, span => Assert.Equal(recorded.TraceId, span.TraceId));
    }

    [Fact]
    public async Task The_environment_names_the_collector_and_the_service_and_new_traces_begin()
    {
        await using var receiver = await OtlpReceiver.StartAsync(isGrpc: false);
        await using var server = await RunningServer.StartWithAsync(new Dictionary<string, string>
        {
            ["OTEL_EXPORTER_OTLP_ENDPOINT"] = receiver.Endpoint,
            ["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf",
            ["OTEL_SERVICE_NAME"] = "chat-eu",
        });

        await ChatAsync(server, traceParent: null);
        await ChatAsync(server, "00-not-a-parent-01");
        await server.TerminateAsync();

        var requests = receiver.Spans.Where(span => span.Name == Chat).ToList();
        Assert.Equal(2, requests.Select(span => span.TraceId).Distinct().Count());
        Assert.All(requests, span => Assert.Equal("", span.ParentId));
        Assert.All(receiver.Spans, span => Assert.Equal("chat-eu", span.Service));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Processes_send_their_own_spans_of_one_trace(bool isGrpc)
    {
        await using var receiver = await OtlpReceiver.StartAsync(isGrpc);
        await using var server = await RunningServer.StartAsync(
            "--processes", "--otlp-endpoint", receiver.Endpoint, "--set", $"actor-inference.tracing.protocol={(isGrpc ? "grpc" : "http/protobuf")}");
        var client = new Caller();

        await ChatAsync(server, client.Recorded);
        await receiver.ComeAsync(client.TraceId, Chat, "prefill job", "decode job");

        var spans = receiver.Of(client.TraceId);
        Assert.Equal(3, spans.Select(span => span.Process).Distinct().Count());
        var attempt = spans.Single(span => span.Name == "attempt");
        var (prefill, decode) = (spans.Single(span => span.Name == "prefill job"), spans.Single(span => span.Name == "decode job"));
        Assert.All((ReceivedSpan[])[prefill, decode], job => Assert.Equal(attempt.SpanId, job.ParentId));
        Assert.Equal(attempt.Tags["actorinference.prefill.worker"], prefill.Tags["actorinference.worker"]);
        Assert.Equal(attempt.Tags["actorinference.decode.worker"], decode.Tags["actorinference.worker"]);
        Assert.Equal(["reserve", "landing", "decode"], Under(spans, decode).Select(span => span.Name));
    }

    [SkippableFact]
    public async Task A_worker_that_is_killed_ends_its_attempt_with_an_error()
    {
        Skip.IfNot(RoleProcesses.CanBeSeen, "processes are not seen under /proc here");
        await using var receiver = await OtlpReceiver.StartAsync(isGrpc: true);
        await using var server = await RunningServer.StartAsync("--processes", "--otlp-endpoint", receiver.Endpoint);
        var victim = RoleProcesses.Find(server.ProcessId, "decode") ?? throw new InvalidOperationException("There is no decode process.");
        var killed = 0;

        await StreamAsync(server.Client, Greedy([.. Enumerable.Range(20, 30)], 400), tokens =>
        {
            if (tokens >= 10 && Interlocked.Exchange(ref killed, 1) == 0) RoleProcesses.Kill(victim);
            return Task.CompletedTask;
        });
        await Deadline.UntilAsync(() => receiver.Spans.Any(span => span.Name == "POST /generate"), "the request's span comes");

        var attempts = receiver.Spans.Where(span => span.Name == "attempt").OrderBy(span => span.Start).ToList();
        Assert.True(attempts.Count >= 2, $"{attempts.Count} attempts");
        Assert.True(attempts[0].IsError);
        Assert.Contains("decode-0", attempts[0].StatusMessage);
        Assert.Equal("unavailable", attempts[0].Tags["error.type"]);
        Assert.False(attempts[^1].IsError);
        Assert.Single(receiver.Spans, span => span.Name == "POST /generate" && !span.IsError);
    }

    [Theory]
    [InlineData("localhost:4317", "--otlp-endpoint is 'localhost:4317'; expected the address of a collector, such as http://127.0.0.1:4317.")]
    [InlineData("ftp://host", "--otlp-endpoint is 'ftp://host'; expected the address of a collector, such as http://127.0.0.1:4317.")]
    public async Task An_endpoint_that_is_none_is_told(string endpoint, string message)
    {
        var result = await Executable.RunAsync("up", "--otlp-endpoint", endpoint);

        Assert.NotEqual(0, result.ExitCode);
        Assert.Contains(message, result.Error);
    }

    private static void AssertSays(ReceivedSpan request, JsonNode answer)
    {
        Assert.Equal("chat", request.Tags["gen_ai.operation.name"]);
        Assert.Equal((string?)answer["model"], request.Tags["gen_ai.request.model"]);
        Assert.Equal((string?)answer["id"], request.Tags["gen_ai.response.id"]);
        Assert.Equal((long?)answer["usage"]!["prompt_tokens"], request.Tags["gen_ai.usage.input_tokens"]);
        Assert.Equal((long?)answer["usage"]!["completion_tokens"], request.Tags["gen_ai.usage.output_tokens"]);
        Assert.Equal([(string?)answer["choices"]![0]!["finish_reason"]], (object?[])request.Tags["gen_ai.response.finish_reasons"]!);
        Assert.Equal(["req-7"], (object?[])request.Tags["http.request.header.x-request-id"]!);
        Assert.Equal(200L, request.Tags["http.response.status_code"]);
        Assert.Equal("/v1/chat/completions", request.Tags["http.route"]);
        Assert.InRange((double)request.Tags["gen_ai.response.time_to_first_chunk"]!, 0, (request.End - request.Start) / 1e9);
    }

    private static IEnumerable<ReceivedSpan> Under(IEnumerable<ReceivedSpan> spans, ReceivedSpan parent) => spans.Where(span => span.ParentId == parent.SpanId).OrderBy(span => span.Start);

    private static async Task<JsonNode> ChatAsync(RunningServer server, string? traceParent)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/chat/completions")
        {
            Content = JsonContent.Create(new JsonObject
            {
                ["messages"] = new JsonArray(new JsonObject { ["role"] = "user", ["content"] = "Say something about actors and how they pass messages." }),
                ["max_tokens"] = 8,
            }),
        };
        request.Headers.Add("x-request-id", "req-7");
        if (traceParent is not null) request.Headers.Add("traceparent", traceParent);
        using var response = await server.Client.SendAsync(request);
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(response.IsSuccessStatusCode, text);
        return JsonNode.Parse(text)!;
    }

    /// <summary>A client that has begun a trace.</summary>
    private sealed class Caller
    {
        public string TraceId { get; } = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));

        public string SpanId { get; } = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8));

        public string Recorded => $"00-{TraceId}-{SpanId}-01";

        public string Unrecorded => $"00-{TraceId}-{SpanId}-00";
    }
}
