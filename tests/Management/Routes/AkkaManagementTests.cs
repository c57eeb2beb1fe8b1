using System.Net;
using System.Net.Sockets;
using ActorInference.ClusterNodes.Tests;
using Akka.Management.Dsl;

namespace ActorInference.Management.Tests.Routes;

public sealed class AkkaManagementTests : IAsyncLifetime
{
    private readonly int _port = FreePort.Next();
    private readonly HttpClient _client = new() { Timeout = TestSystem.Limit };
    private TestSystem _test = null!;

    public async Task InitializeAsync()
    {
        _test = new TestSystem(Hocon(_port));
        _client.BaseAddress = (await AkkaManagement.Get(_test.System).Start().WaitAsync(TestSystem.Limit))!;
    }

    public async Task DisposeAsync()
    {
        _client.Dispose();
        await _test.DisposeAsync();
    }

    [Fact]
    public void The_server_says_where_it_is() => Assert.Equal(new Uri($"http://127.0.0.1:{_port}/"), _client.BaseAddress);

    [Fact]
    public async Task A_provider_is_made_with_its_system_and_told_the_settings() =>
        Assert.Equal("management-tests 127.0.0.1 True", await _client.GetStringAsync("/settings"));

    [Fact]
    public async Task A_route_sees_method_path_query_and_headers()
    {
        using var request = new HttpRequestMessage(HttpMethod.Put, "/request?a=1%202&b=3") { Headers = { { "X-Test", "given" } } };

        using var response = await _client.SendAsync(request);

        Assert.Equal("PUT /request a=1 2 x=given", await response.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task A_route_sets_status_headers_and_a_json_body()
    {
        using var response = await _client.GetAsync("/json");

        Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
        Assert.Equal("application/json", response.Content.Headers.ContentType!.MediaType);
        Assert.Equal(["yes"], response.Headers.GetValues("X-Test"));
        Assert.Equal("""{"ok":false}""", await response.Content.ReadAsStringAsync());
    }

    [Theory]
    [InlineData("/members/a", HttpStatusCode.OK)]
    [InlineData("/members/a/b", HttpStatusCode.OK)]
    [InlineData("/members", HttpStatusCode.NotFound)]
    [InlineData("/other/members/a", HttpStatusCode.NotFound)]
    [InlineData("/settings/more", HttpStatusCode.NotFound)]
    [InlineData("/", HttpStatusCode.NotFound)]
    [InlineData("/broken", HttpStatusCode.InternalServerError)]
    public async Task A_route_is_taken_if_its_pattern_fits_the_whole_path(string path, HttpStatusCode expected)
    {
        using var response = await _client.GetAsync(path);

        Assert.Equal(expected, response.StatusCode);
    }

    [Fact]
    public async Task A_route_that_does_not_answer_leaves_it_to_the_next() => Assert.Equal("the second", await _client.GetStringAsync("/choosy"));

    [Fact]
    public async Task After_stop_nobody_listens()
    {
        await AkkaManagement.Get(_test.System).Stop().WaitAsync(TestSystem.Limit);

        await Assert.ThrowsAsync<HttpRequestException>(() => _client.GetAsync("/settings"));
    }

    [Fact]
    public async Task The_end_of_the_system_ends_the_server()
    {
        await _test.System.Terminate().WaitAsync(TestSystem.Limit);

        await Assert.ThrowsAsync<HttpRequestException>(() => _client.GetAsync("/settings"));
    }

    [Fact]
    public async Task A_taken_port_fails_the_start()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        await using var other = new TestSystem(Hocon(((IPEndPoint)taken.LocalEndpoint).Port));

        await Assert.ThrowsAnyAsync<Exception>(() => AkkaManagement.Get(other.System).Start().WaitAsync(TestSystem.Limit));
    }

    [Theory]
    [InlineData("port = 70000")]
    [InlineData("bind-port = -1")]
    [InlineData("routes.broken = \"No.Such.Type, Nowhere\"")]
    [InlineData("routes.broken = \"System.Object, System.Private.CoreLib\"")]
    public async Task A_wrong_setting_is_an_error_at_once(string setting)
    {
        await using var other = new TestSystem($"akka.management.http.{setting}\n{Hocon(FreePort.Next()).Replace("port = ", "unused = ", StringComparison.Ordinal)}");

        Assert.ThrowsAny<Exception>(() => AkkaManagement.Get(other.System));
    }

    internal static string Hocon(int port) => $$"""
        akka.management.http {
          hostname = "127.0.0.1"
          port = {{port}}
          routes.test = "{{typeof(TestRoutes).FullName}}, {{typeof(TestRoutes).Assembly.GetName().Name}}"
        }
        """;
}
