using System.Text.RegularExpressions;

namespace ActorInference.Host.Tests.Testing;

/// <summary>One running server for the tests of a class, with management and console on free ports.</summary>
public partial class ServedNode : IAsyncLifetime
{
    private RunningServer? _server;

    public RunningServer Server => _server ?? throw new InvalidOperationException("The server has not started.");

    /// <summary>Where its console is, as HOST:PORT.</summary>
    public string Console => ConsoleLine().Match(Server.Output).Groups[1].Value;

    /// <summary>Root of its management routes.</summary>
    public Uri Management => new(ManagementLine().Match(Server.Output).Groups[1].Value);

    /// <summary>HOCON above the defaults; empty for none.</summary>
    protected virtual string Settings => "";

    public async Task InitializeAsync()
    {
        if (Settings.Length == 0)
        {
            _server = await RunningServer.StartAsync("--management-port", "0", "--cmd-port", "0");
            return;
        }

        var config = Path.GetTempFileName();
        await File.WriteAllTextAsync(config, Settings);
        _server = await RunningServer.StartAsync("--management-port", "0", "--cmd-port", "0", "--config", config);
        File.Delete(config);
    }

    public async Task DisposeAsync()
    {
        if (_server is not null) await _server.DisposeAsync();
    }

    [GeneratedRegex(@"Console: actorinference cmd (\S+)\n")]
    private static partial Regex ConsoleLine();

    [GeneratedRegex(@"Management: curl (http://\S+)/ready\n")]
    private static partial Regex ManagementLine();
}
