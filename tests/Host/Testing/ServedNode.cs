using System.Text.RegularExpressions;

namespace ActorInference.Host.Tests.Testing;

/// <summary>One running server for the tests of a class, with management and console on free ports.</summary>
public sealed partial class ServedNode : IAsyncLifetime
{
    private RunningServer? _server;

    public RunningServer Server => _server ?? throw new InvalidOperationException("The server has not started.");

    /// <summary>Where its console is, as HOST:PORT.</summary>
    public string Console => ConsoleLine().Match(Server.Output).Groups[1].Value;

    /// <summary>Root of its management routes.</summary>
    public Uri Management => new(ManagementLine().Match(Server.Output).Groups[1].Value);

    public async Task InitializeAsync() => _server = await RunningServer.StartAsync("--management-port", "0", "--cmd-port", "0");

    public async Task DisposeAsync()
    {
        if (_server is not null) await _server.DisposeAsync();
    }

    [GeneratedRegex(@"Console: actorinference cmd (\S+)\n")]
    private static partial Regex ConsoleLine();

    [GeneratedRegex(@"Management: curl (http://\S+)/ready\n")]
    private static partial Regex ManagementLine();
}
