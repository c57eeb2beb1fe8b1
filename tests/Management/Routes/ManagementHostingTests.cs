using ActorInference.ClusterNodes.Tests;
using Akka.Hosting;
using Akka.Management;
using Akka.Management.Dsl;
using Microsoft.Extensions.Hosting;

namespace ActorInference.Management.Tests.Routes;

public sealed class ManagementHostingTests
{
    [Fact]
    public async Task A_host_configures_address_and_routes_and_starts_the_server()
    {
        var port = FreePort.Next();
        var options = new AkkaManagementOptions { HostName = "127.0.0.1", Port = port, RouteProvidersReadOnly = false }.WithRouteProvider<TestRoutes>("test");
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Services.AddAkka("hosted", akka => akka
            .AddHocon("akka { loglevel = WARNING, stdout-loglevel = ERROR }", HoconAddMode.Append)
            .WithAkkaManagement(options)
            .AddStartup(async (system, _) => await AkkaManagement.Get(system).Start()));
        using var host = builder.Build();
        using var deadline = new CancellationTokenSource(TestSystem.Limit);
        await host.StartAsync(deadline.Token);
        using var client = new HttpClient { Timeout = TestSystem.Limit };

        Assert.Equal("hosted 127.0.0.1 False", await client.GetStringAsync($"http://127.0.0.1:{port}/settings"));

        await host.StopAsync(deadline.Token);
        await Assert.ThrowsAsync<HttpRequestException>(() => client.GetAsync($"http://127.0.0.1:{port}/settings"));
    }

    [Fact]
    public void A_route_provider_is_added_once() => Assert.ThrowsAny<Exception>(
        () => new AkkaManagementOptions().WithRouteProvider<TestRoutes>("one").WithRouteProvider<TestRoutes>("two"));
}
