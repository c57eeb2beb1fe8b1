using System.Net.Sockets;
using ActorInference.ClusterNodes.Tests;
using Akka.Actor;
using Petabridge.Cmd.Host;
using Petabridge.Cmd.Wire;

namespace ActorInference.Standins.Petabridge.Cmd.Tests;

/// <summary>An actor system with a console host on a free port.</summary>
internal sealed class TestHost : IAsyncDisposable
{
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    public TestHost(params CommandPaletteHandler[] palettes)
    {
        System = ActorSystem.Create("console-tests", $$"""
            akka { loglevel = INFO, loggers = [], stdout-loglevel = OFF, log-dead-letters = off }
            petabridge.cmd { host = "127.0.0.1", port = {{Port}} }
            """);
        Cmd = PetabridgeCmd.Get(System);
        foreach (var palette in palettes) Cmd.RegisterCommandPalette(palette);
        Cmd.Start();
    }

    public ActorSystem System { get; }

    public PetabridgeCmd Cmd { get; }

    public int Port { get; } = FreePort.Next();

    public Task<ConsoleClient> ConnectAsync() => ConsoleClient.ConnectAsync("127.0.0.1", Port, Limit, CancellationToken.None);

    /// <summary>A connection that speaks for itself.</summary>
    public async Task<TcpClient> ConnectRawAsync()
    {
        var client = new TcpClient();
        await client.ConnectAsync("127.0.0.1", Port).WaitAsync(Limit);
        return client;
    }

    /// <summary>Runs a typed command to its end.</summary>
    public static async Task<(string Text, bool IsError)> RunAsync(ConsoleClient client, params string[] words)
    {
        using var deadline = new CancellationTokenSource(Limit);
        var text = new List<string>();
        var isError = false;
        await foreach (var reply in client.RunAsync(WireInvocation.Parse(client.Hello, words), deadline.Token))
        {
            if (reply.Text.Length > 0) text.Add(reply.Text);
            isError = reply.IsError;
        }

        return (string.Join('\n', text), isError);
    }

    public static async Task UntilAsync(Func<bool> condition, string what)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(5));
        using var deadline = new CancellationTokenSource(Limit);
        while (!condition())
        {
            if (deadline.IsCancellationRequested) Assert.Fail($"After {Limit.TotalSeconds} s still not: {what}.");
            await timer.WaitForNextTickAsync();
        }
    }

    public async ValueTask DisposeAsync() => await System.Terminate().WaitAsync(Limit);
}
