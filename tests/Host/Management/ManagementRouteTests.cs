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
        Assert.Equal((HttpStatusCode.OK, "application/json", expected), await node.GetAsync(path));
    }

    [Fact]
    public async Task Workers_are_listed_with_their_roles_and_load()
    {
        var (status, _, text) = await node.GetAsync("/roles/workers");

        Assert.True(status == HttpStatusCode.OK, text);
        var body = JsonNode.Parse(text)!;
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

        string[] lines = [];
        await Deadline.UntilAsync(
            async () =>
            {
                var (status, type, body) = await node.GetAsync("/metrics");
                Assert.Equal((HttpStatusCode.OK, "text/plain"), (status, type));
                lines = body.Split('\n');
                // A router that is too busy to answer leaves a gap in the series of its workers.
                return lines.Any(line => line.StartsWith("actorinference_worker_jobs{", StringComparison.Ordinal));
            },
            "there are metrics of workers");

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
