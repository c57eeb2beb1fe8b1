using System.Net;
using ActorInference.Actors.Ids;
using ActorInference.Actors.Protocols;
using ActorInference.Host.Management;
using ActorInference.Host.Tests.Testing;
using ActorInference.Roles.Router;
using Akka.Actor;
using Akka.Hosting;

namespace ActorInference.Host.Tests.Management;

/// <summary>The routes over a router that says what a test wants.</summary>
public sealed class ReadinessTests : IAsyncLifetime
{
    private readonly HttpClient _client = new() { Timeout = TimeSpan.FromSeconds(60) };
    private ActorSystem _system = null!;

    public async Task InitializeAsync() => (_system, _client.BaseAddress) = await ManagedSystem.StartAsync(Create);

    public async Task DisposeAsync()
    {
        _client.Dispose();
        await Deadline.OnAsync(_system.Terminate());
    }

    [Fact]
    public async Task Without_a_router_the_node_is_alive_and_not_ready()
    {
        await AssertAsync("/alive", HttpStatusCode.OK, """{"status":"alive"}""");
        await AssertAsync("/ready", HttpStatusCode.ServiceUnavailable, """{"status":"not ready","reason":"This node has no router."}""");
        await AssertAsync("/roles/workers", HttpStatusCode.ServiceUnavailable, """{"error":{"message":"This node has no router."}}""");
    }

    [Fact]
    public async Task A_role_without_a_worker_is_not_ready()
    {
        Register(() => [Report(WorkerRole.Prefill)]);

        await AssertAsync("/ready", HttpStatusCode.ServiceUnavailable, """{"status":"not ready","reason":"There is no decode worker."}""");
    }

    [Fact]
    public async Task Workers_that_make_no_pair_do_not_make_it_ready()
    {
        Register(() => [Report(WorkerRole.Prefill) with { Protocol = 1 }, Report(WorkerRole.Decode) with { Protocol = 2 }]);

        await AssertAsync("/ready", HttpStatusCode.ServiceUnavailable, """{"status":"not ready","reason":"No workers can be paired: between Prefill-0 and Decode-0 stands: messages of version 1 and 2."}""");
    }

    [Fact]
    public async Task Workers_of_each_role_make_it_ready()
    {
        Register(() => [Report(WorkerRole.Prefill), Report(WorkerRole.Decode)]);

        await AssertAsync("/ready", HttpStatusCode.OK, """{"status":"ready"}""");
    }

    [Fact]
    public async Task A_silent_router_is_not_ready_within_a_deadline()
    {
        Register(() => null);

        await AssertAsync("/ready", HttpStatusCode.ServiceUnavailable, """{"status":"not ready","reason":"The router did not answer within 2 s."}""");
    }

    private static ActorSystem Create(int port) =>
        ActorSystem.Create("readiness", $$"""
            akka { loglevel = ERROR, stdout-loglevel = ERROR, log-dead-letters = off }
            akka.management.http {
              hostname = "127.0.0.1"
              port = {{port}}
              routes.health = "{{typeof(HealthRoutes).FullName}}, {{typeof(HealthRoutes).Assembly.GetName().Name}}"
              routes.roles = "{{typeof(RoleRoutes).FullName}}, {{typeof(RoleRoutes).Assembly.GetName().Name}}"
            }
            """);

    private void Register(Func<RouterProtocol.WorkerReport[]?> reports) =>
        ActorRegistry.For(_system).Register<RouterActor>(_system.ActorOf(Props.Create(() => new ScriptedRouter(reports))));

    private RouterProtocol.WorkerReport Report(WorkerRole role) => new(new WorkerId($"{role}-0"), role, _system.DeadLetters, 1, 20);

    private async Task AssertAsync(string path, HttpStatusCode status, string body)
    {
        (HttpStatusCode Status, string Body) answer = default;
        await Deadline.UntilAsync(
            async () =>
            {
                using var response = await _client.GetAsync(path);
                answer = (response.StatusCode, await response.Content.ReadAsStringAsync());
                // A router that does answer may have been too late on a busy machine.
                return answer == (status, body) || !answer.Body.Contains("did not answer within", StringComparison.Ordinal);
            },
            $"{path} answers {body}");
        Assert.Equal((status, body), answer);
    }

    private sealed class ScriptedRouter : ReceiveActor
    {
        public ScriptedRouter(Func<RouterProtocol.WorkerReport[]?> reports) => Receive<RouterProtocol.GetWorkers>(_ =>
        {
            if (reports() is { } known) Sender.Tell(new RouterProtocol.Workers([.. known], 0));
        });
    }
}
