using System.Net;
using System.Text.RegularExpressions;

namespace ActorInference.Host.Tests.Testing;

/// <summary>One running server for the tests of a class, with management and console on free ports.</summary>
public partial class ServedNode : IAsyncLifetime
{
    private const string RouterIsBusy = "The router did not answer within";

    private RunningServer? _server;

    public RunningServer Server => _server ?? throw new InvalidOperationException("The server has not started.");

    /// <summary>Where its console is, as HOST:PORT.</summary>
    public string Console => ConsoleLine().Match(Server.Output).Groups[1].Value;

    /// <summary>Root of its management routes.</summary>
    public Uri Management => new(ManagementLine().Match(Server.Output).Groups[1].Value);

    /// <summary>Runs a command in its console; once more where its router was too busy to answer in the console's time.</summary>
    public async Task<ChildResult> CommandAsync(params string[] words)
    {
        ChildResult result = null!;
        await Deadline.UntilAsync(
            async () =>
            {
                result = await Executable.RunAsync(["cmd", Console, .. words]);
                return result.ExitCode == 0 || !result.Error.Contains(RouterIsBusy, StringComparison.Ordinal);
            },
            "the router answers");
        return result;
    }

    /// <summary>What one of its management routes answers; asked once more where its router was too busy to answer in the route's time.</summary>
    public async Task<(HttpStatusCode Status, string? MediaType, string Body)> GetAsync(string path)
    {
        (HttpStatusCode Status, string? MediaType, string Body) answer = default;
        await Deadline.UntilAsync(
            async () =>
            {
                using var response = await Server.Client.GetAsync(new Uri(Management, path));
                answer = (response.StatusCode, response.Content.Headers.ContentType?.MediaType, await response.Content.ReadAsStringAsync());
                return !answer.Body.Contains(RouterIsBusy, StringComparison.Ordinal);
            },
            "the router answers");
        return answer;
    }

    /// <summary>Arguments besides its ports.</summary>
    protected virtual string[] Arguments => [];

    public async Task InitializeAsync() => _server = await RunningServer.StartAsync(["--management-port", "0", "--cmd-port", "0", .. Arguments]);

    public async Task DisposeAsync()
    {
        if (_server is not null) await _server.DisposeAsync();
    }

    [GeneratedRegex(@"Console: actorinference cmd (\S+)\n")]
    private static partial Regex ConsoleLine();

    [GeneratedRegex(@"Management: curl (http://\S+)/ready\n")]
    private static partial Regex ManagementLine();
}
