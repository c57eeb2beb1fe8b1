using Akka.Actor;
using Akka.Hosting;
using Akka.Remote.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace ActorInference.Remoting.Tests;

public sealed class HostingTests
{
    [Fact]
    public async Task A_hosted_system_listens_where_its_options_say()
    {
        var address = await AddressOf(builder => builder.WithRemoting("127.0.0.1", 0));

        Assert.Equal(("akka.tcp", "127.0.0.1"), (address.Protocol, address.Host));
        Assert.True(address.Port > 0);
    }

    [Fact]
    public async Task A_hosted_system_gives_its_public_name_to_others()
    {
        var address = await AddressOf(builder => builder.WithRemoting(options =>
        {
            options.HostName = "127.0.0.1";
            options.Port = 0;
            options.PublicHostName = "localhost";
        }));

        Assert.Equal("localhost", address.Host);
    }

    private static async Task<Address> AddressOf(Action<AkkaConfigurationBuilder> configure)
    {
        var builder = Host.CreateApplicationBuilder();
        builder.Services.AddAkka("hosted", (akka, _) =>
        {
            configure(akka);
            akka.AddHocon("akka { stdout-loglevel = OFF, loglevel = ERROR, coordinated-shutdown.run-by-clr-shutdown-hook = off }", HoconAddMode.Prepend);
        });
        using var host = builder.Build();
        await host.StartAsync();
        var address = ((ExtendedActorSystem)host.Services.GetRequiredService<ActorSystem>()).Provider.DefaultAddress;
        await host.StopAsync();
        return address;
    }
}
