using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using ActorInference.Host.Management;
using ActorInference.Host.Tests.Testing;
using ActorInference.Roles.Configuration;
using Akka.Actor;
using Akka.Cluster;
using Akka.Cluster.Sharding;
using Akka.Configuration;

namespace ActorInference.Host.Tests.Management;

/// <summary>The routes of the cluster, over clusters within this process.</summary>
public sealed class ClusterRouteTests : IAsyncLifetime
{
    private readonly HttpClient _client = new() { Timeout = TimeSpan.FromSeconds(60) };
    private readonly List<ActorSystem> _systems = [];

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        _client.Dispose();
        await Deadline.OnAsync(Task.WhenAll(_systems.Select(system => system.Terminate())));
    }

    [Fact]
    public async Task Members_are_listed_joined_and_sent_away()
    {
        var first = Create("", port: 0);
        await JoinAsync(first, first);
        var second = await StartAsync();
        var address = Cluster.Get(first).SelfAddress;

        await ExpectAsync("POST", "/cluster/members", $$"""{"address":"{{address.Host}}:{{address.Port}}"}""", HttpStatusCode.Accepted, $"will join {address}.");
        await Deadline.UntilAsync(() => Up(first) == 2 && Up(second) == 2, "both are up");
        var listed = JsonNode.Parse(await _client.GetStringAsync("/cluster/members"))!["members"]!.AsArray();
        Assert.Equal(new[] { first, second }.Select(system => Cluster.Get(system).SelfAddress.ToString()).Order(StringComparer.Ordinal), listed.Select(member => (string?)member!["node"]));

        await ExpectAsync("POST", "/cluster/members", $$"""{"address":"{{address}}"}""", HttpStatusCode.Conflict, "is in a cluster of 2 already");
        await ExpectAsync("PUT", $"/cluster/members/{Uri.EscapeDataString(address.ToString())}", """{"operation":"leave"}""", HttpStatusCode.Accepted, $"{address} will leave.");
        await Deadline.UntilAsync(() => Cluster.Get(first).IsTerminated && Up(second) == 1, "the first one has left");
    }

    [Theory]
    [InlineData("PUT", "/cluster/members/127.0.0.1:1", """{"operation":"leave"}""", HttpStatusCode.NotFound, "address is '127.0.0.1:1'; expected one of akka.tcp://")]
    [InlineData("PUT", "/cluster/members/127.0.0.1:1", """{"operation":"promote"}""", HttpStatusCode.BadRequest, "operation is 'promote'; expected leave or down.")]
    [InlineData("PUT", "/cluster/members/127.0.0.1:1", """{"operation":3}""", HttpStatusCode.BadRequest, "operation is '3'; expected a text.")]
    [InlineData("PUT", "/cluster/members/127.0.0.1:1", """{"order":"leave"}""", HttpStatusCode.BadRequest, "order is not known; expected operation.")]
    [InlineData("PUT", "/cluster/members/127.0.0.1:1", "[]", HttpStatusCode.BadRequest, "The body is no JSON object;")]
    [InlineData("PUT", "/cluster/members/127.0.0.1:1", "leave", HttpStatusCode.BadRequest, "The body is no JSON;")]
    [InlineData("PUT", "/cluster/members", "{}", HttpStatusCode.MethodNotAllowed, "PUT is not possible here; expected GET or POST.")]
    [InlineData("GET", "/cluster/members/127.0.0.1:1", "", HttpStatusCode.MethodNotAllowed, "GET is not possible here; expected PUT.")]
    [InlineData("GET", "/cluster/shards/nothing", "", HttpStatusCode.NotFound, "type is 'nothing'; expected")]
    public async Task What_cannot_be_done_says_why(string method, string path, string body, HttpStatusCode status, string message)
    {
        var node = await StartAsync();
        await JoinAsync(node, node);

        await ExpectAsync(method, path, body, status, message);
    }

    [Fact]
    public async Task Shards_of_a_type_are_shown_with_their_entities()
    {
        var node = await StartAsync();
        await JoinAsync(node, node);
        var sharding = ClusterSharding.Get(node);
        var region = await sharding.StartAsync(
            "echo", Props.Create(() => new Echo()), ClusterShardingSettings.Create(node), HashCodeMessageExtractor.Create(4, message => (string)message));
        foreach (var id in (string[])["a", "b", "c"]) await Deadline.OnAsync(region.Ask<string>(id));

        var types = JsonNode.Parse(await _client.GetStringAsync("/cluster/shards"))!["types"]!.AsArray();
        var view = await ShardsAsync("echo", entities: 3);

        Assert.Contains("echo", types.Select(type => (string?)type));
        Assert.Equal("echo", (string?)view["type"]);
        var shown = Assert.Single(view["nodes"]!.AsArray())!;
        Assert.Equal(Cluster.Get(node).SelfAddress.ToString(), (string?)shown["node"]);
        Assert.Equal(3, shown["shards"]!.AsArray().Sum(shard => (int)shard!["entities"]!));
    }

    [Fact]
    public async Task Without_a_cluster_there_are_no_members()
    {
        await StartAsync("akka.actor.provider = local");

        await ExpectAsync("GET", "/cluster/members", "", HttpStatusCode.NotFound, ClusterView.NoCluster);
        await ExpectAsync("GET", "/cluster/shards", "", HttpStatusCode.NotFound, ClusterView.NoCluster);
        await ExpectAsync("PUT", "/cluster/members/a:1", """{"operation":"down"}""", HttpStatusCode.NotFound, ClusterView.NoCluster);
    }

    [Fact]
    public async Task Beyond_loopback_a_change_needs_the_admin_key_and_a_question_does_not()
    {
        var node = await StartAsync("akka.management.http.bind-hostname = \"0.0.0.0\", actor-inference.management.admin-key = sesame");
        await JoinAsync(node, node);
        const string Body = """{"operation":"leave"}""";

        await ExpectAsync("PUT", "/cluster/members/a:1", Body, HttpStatusCode.Unauthorized, "Authorization is missing or wrong; expected 'Bearer'");
        await ExpectAsync("PUT", "/cluster/members/a:1", Body, HttpStatusCode.Unauthorized, "Authorization is missing or wrong", ("Authorization", "Bearer mumble"));
        await ExpectAsync("PUT", "/cluster/members/a:1", Body, HttpStatusCode.NotFound, "address is 'a:1'", ("Authorization", "Bearer sesame"));
        Assert.Contains("members", await _client.GetStringAsync("/cluster/members"));
    }

    [Fact]
    public async Task Beyond_loopback_without_an_admin_key_nothing_can_be_changed()
    {
        var node = await StartAsync("akka.management.http.bind-hostname = \"0.0.0.0\"");
        await JoinAsync(node, node);

        await ExpectAsync("PUT", "/cluster/members/a:1", "{}", HttpStatusCode.Forbidden, "actor-inference.management.admin-key is ''", ("Authorization", "Bearer "));
    }

    [Fact]
    public async Task A_web_page_cannot_change_anything_on_loopback_either()
    {
        var node = await StartAsync();
        await JoinAsync(node, node);

        await ExpectAsync("PUT", "/cluster/members/a:1", "{}", HttpStatusCode.Forbidden, "Origin is 'http://evil.example'", ("Origin", "http://evil.example"));
    }

    private static int Up(ActorSystem system) => Cluster.Get(system).State.Members.Count(member => member.Status == MemberStatus.Up);

    private static Task JoinAsync(ActorSystem system, ActorSystem seed) => Deadline.OnAsync(Cluster.Get(system).JoinAsync(Cluster.Get(seed).SelfAddress));

    /// <summary>Where the shards of a type are, once all that are to answer do so in the route's time.</summary>
    private async Task<JsonNode> ShardsAsync(string type, int entities)
    {
        JsonNode? view = null;
        await Deadline.UntilAsync(
            async () =>
            {
                using var response = await _client.GetAsync($"/cluster/shards/{type}");
                if (response.StatusCode == HttpStatusCode.ServiceUnavailable) return false;
                response.EnsureSuccessStatusCode();
                view = JsonNode.Parse(await response.Content.ReadAsStringAsync())!;
                return view["nodes"]!.AsArray().Sum(node => node!["shards"]!.AsArray().Sum(shard => (int)shard!["entities"]!)) == entities;
            },
            $"there are {entities} entities");
        return view!;
    }

    /// <summary>Starts a system whose routes the client asks.</summary>
    private async Task<ActorSystem> StartAsync(string config = "")
    {
        (var system, _client.BaseAddress) = await ManagedSystem.StartAsync(port => Create(config, port));
        return system;
    }

    private ActorSystem Create(string config, int port)
    {
        var system = ActorSystem.Create("routes", ConfigurationFactory.ParseString(config).WithFallback($$"""
            akka {
              actor.provider = cluster
              loglevel = ERROR, stdout-loglevel = OFF, log-dead-letters = off
              remote.dot-netty.tcp { hostname = "127.0.0.1", port = 0 }
              coordinated-shutdown.run-by-clr-shutdown-hook = off
              management.http {
                hostname = "127.0.0.1"
                port = {{port}}
                route-providers-read-only = off
                routes.cluster = "{{typeof(ClusterRoutes).FullName}}, {{typeof(ClusterRoutes).Assembly.GetName().Name}}"
              }
            }
            """).WithFallback(InferenceSettings.Reference));
        _systems.Add(system);
        return system;
    }

    private async Task ExpectAsync(string method, string path, string body, HttpStatusCode status, string message, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        if (body.Length > 0) request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        foreach (var (name, value) in headers) request.Headers.TryAddWithoutValidation(name, value);
        using var response = await _client.SendAsync(request);
        var text = await response.Content.ReadAsStringAsync();

        Assert.Equal((status, "application/json"), (response.StatusCode, response.Content.Headers.ContentType?.MediaType));
        var answer = JsonNode.Parse(text)!;
        Assert.Contains(message, (string?)(answer["error"] ?? answer)["message"]);
    }

    private sealed class Echo : ReceiveActor
    {
        public Echo() => Receive<string>(text => Sender.Tell(text));
    }
}
