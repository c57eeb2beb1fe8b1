using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using ActorInference.Host.Tests.Testing;

namespace ActorInference.Host.Tests.Management;

/// <summary>The management routes of the built program.</summary>
public sealed class ManagementRouteTests(ServedNode node) : IClassFixture<ServedNode>, IDisposable
{
    private readonly HttpClient _client = new() { BaseAddress = node.Management, Timeout = Executable.Limit };

    public void Dispose() => _client.Dispose();

    [Theory]
    [InlineData("/alive", """{"status":"alive"}""")]
    [InlineData("/ready", """{"status":"ready"}""")]
    public async Task Health_routes_answer_once_the_node_serves(string path, string expected)
    {
        using var response = await _client.GetAsync(path);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("application/json", response.Content.Headers.ContentType!.MediaType);
        Assert.Equal(expected, await response.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task Workers_are_listed_with_their_roles_and_load()
    {
        var body = (await _client.GetFromJsonAsync<JsonNode>("/roles/workers"))!;

        Assert.True((int)body["in_flight"]! >= 0);
        var workers = body["workers"]!.AsArray();
        Assert.Equal(["decode-0 decode", "prefill-0 prefill"], workers.Select(worker => $"{worker!["worker"]} {worker["role"]}"));
        Assert.All(workers, worker =>
        {
            Assert.StartsWith("akka://actor-inference/user/", (string?)worker!["actor"]);
            Assert.True((int)worker["jobs"]! >= 0 && (long)worker["pending_tokens"]! >= 0);
        });
    }

    [Fact]
    public async Task Metrics_show_requests_pages_workers_and_members()
    {
        using var answer = await node.Server.Client.PostAsync("/generate", JsonContent.Create(new { input_ids = new[] { 1, 2, 3 }, sampling_params = new { max_new_tokens = 3, ignore_eos = true } }));
        Assert.True(answer.IsSuccessStatusCode);

        using var response = await _client.GetAsync("/metrics");
        var lines = (await response.Content.ReadAsStringAsync()).Split('\n');

        Assert.Equal("text/plain", response.Content.Headers.ContentType!.MediaType);
        Assert.Contains(lines, line => line.StartsWith("actorinference_requests_total{outcome=\"length\"} ", StringComparison.Ordinal));
        Assert.Contains(lines, line => line.StartsWith("actorinference_kv_pages_free ", StringComparison.Ordinal));
        Assert.Contains(lines, line => line.StartsWith("actorinference_worker_jobs{worker=\"prefill-0\",role=\"prefill\"} ", StringComparison.Ordinal));
        Assert.Contains("actorinference_cluster_members{status=\"up\"} 1", lines);
    }

    [Theory]
    [InlineData("POST", "/ready", HttpStatusCode.MethodNotAllowed)]
    [InlineData("DELETE", "/roles/workers", HttpStatusCode.MethodNotAllowed)]
    [InlineData("GET", "/nope", HttpStatusCode.NotFound)]
    public async Task Nothing_else_is_possible(string method, string path, HttpStatusCode expected)
    {
        using var response = await _client.SendAsync(new HttpRequestMessage(new HttpMethod(method), path));

        Assert.Equal(expected, response.StatusCode);
    }
}
