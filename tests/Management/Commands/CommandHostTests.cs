using System.Net.Sockets;
using ActorInference.ClusterNodes.Tests;
using Akka.Actor;
using Akka.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Petabridge.Cmd;
using Petabridge.Cmd.Host;

namespace ActorInference.Management.Tests.Commands;

public sealed class CommandHostTests
{
    [Fact]
    public async Task A_host_registers_palettes_and_listens_until_it_stops()
    {
        var port = FreePort.Next();
        var palette = new PingCommands();
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Services.AddAkka("hosted", akka => akka
            .AddHocon("akka { loglevel = WARNING, stdout-loglevel = ERROR }", HoconAddMode.Append)
            .AddPetabridgeCmd(new PetabridgeCmdOptions { Host = "127.0.0.1", Port = port }, cmd => cmd.RegisterCommandPalette(palette)));
        using var host = builder.Build();
        using var deadline = new CancellationTokenSource(TestSystem.Limit);
        await host.StartAsync(deadline.Token);

        Assert.Same(host.Services.GetRequiredService<ActorSystem>(), palette.RegisteredIn);
        await ConnectAsync(port, deadline.Token);

        await host.StopAsync(deadline.Token);
        await Assert.ThrowsAsync<SocketException>(async () =>
        {
            using var client = new TcpClient();
            await client.ConnectAsync("127.0.0.1", port, deadline.Token);
        });
    }

    /// <summary>The package may begin to listen a little after its start.</summary>
    private static async Task ConnectAsync(int port, CancellationToken deadline)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (true)
        {
            using var client = new TcpClient();
            try
            {
                await client.ConnectAsync("127.0.0.1", port, deadline);
                return;
            }
            catch (SocketException)
            {
                await timer.WaitForNextTickAsync(deadline);
            }
        }
    }

    private sealed class PingCommands() : CommandPaletteHandler(new CommandPalette("ping", new[] { Ping }))
    {
        private static readonly CommandDefinition Ping = new CommandDefinitionBuilder().WithName("ping").WithDescription("Answers.").Build();

        public ActorSystem? RegisteredIn { get; private set; }

        public override Props HandlerProps { get; } = Props.Create(() => new Handler());

        public override void OnRegister(PetabridgeCmd plugin) => RegisteredIn = plugin.Sys;

        private sealed class Handler : CommandHandlerActor
        {
            public Handler()
                : base(new CommandPalette("ping", new[] { Ping })) => Process("ping", _ => Sender.Tell(new CommandResponse("pong")));
        }
    }
}
