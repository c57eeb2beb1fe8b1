using System.Diagnostics;
using System.Net.Sockets;

namespace ActorInference.Roles.Agents;

/// <summary>Asks processes whether they are well.</summary>
public static class ProbeRunner
{
    private static readonly HttpClient Http = new(new SocketsHttpHandler
    {
        AllowAutoRedirect = false,
        PooledConnectionLifetime = TimeSpan.Zero,   // A probe asks whether a connection can be had now.
        UseProxy = false,
    })
    {
        Timeout = Timeout.InfiniteTimeSpan,
    };

    /// <param name="action">The question.</param>
    /// <param name="context">Of the instance.</param>
    /// <param name="timeout">Above 0; a later answer is a bad one.</param>
    public static async Task<ProbeResult> RunAsync(ProbeAction action, ProbeContext context, TimeSpan timeout)
    {
        using var deadline = new CancellationTokenSource(timeout);
        try
        {
            return action.Kind switch
            {
                ProbeKind.Http => await GetAsync(action, context, deadline.Token).ConfigureAwait(false),
                ProbeKind.Tcp => await ConnectAsync(action, context, deadline.Token).ConfigureAwait(false),
                _ => await ExecuteAsync(action, context, deadline.Token).ConfigureAwait(false),
            };
        }
        catch (OperationCanceledException)
        {
            return ProbeResult.Failure($"no answer within {timeout.TotalSeconds:0.###} s");
        }
        catch (Exception failure) when (failure is HttpRequestException or SocketException or IOException or System.ComponentModel.Win32Exception or UriFormatException)
        {
            return ProbeResult.Failure(failure.GetBaseException().Message);
        }
    }

    private static async Task<ProbeResult> GetAsync(ProbeAction action, ProbeContext context, CancellationToken stop)
    {
        var host = Host(action, context);
        var uri = new Uri($"http://{(host.Contains(':') ? $"[{host}]" : host)}:{context.PortOf(action.Port)}/{action.Path.TrimStart('/')}");
        using var request = new HttpRequestMessage(new HttpMethod(action.Method), uri);
        using var response = await Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, stop).ConfigureAwait(false);
        return (int)response.StatusCode is >= 200 and < 400 ? ProbeResult.Success : ProbeResult.Failure($"{uri} answered {(int)response.StatusCode}");
    }

    private static async Task<ProbeResult> ConnectAsync(ProbeAction action, ProbeContext context, CancellationToken stop)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(Host(action, context), context.PortOf(action.Port), stop).ConfigureAwait(false);
        return ProbeResult.Success;
    }

    private static async Task<ProbeResult> ExecuteAsync(ProbeAction action, ProbeContext context, CancellationToken stop)
    {
        var (code, output) = await CommandRun.RunAsync(action.Command, context, stop).ConfigureAwait(false);
        return code == 0 ? ProbeResult.Success : ProbeResult.Failure($"exit code {code}: {Last(output)}");
    }

    private static string Host(ProbeAction action, ProbeContext context) => action.Host.Length > 0 ? action.Host : context.Address;

    private static string Last(string output)
    {
        var text = output.TrimEnd();
        return text[(text.LastIndexOf('\n') + 1)..];
    }
}

/// <summary>Where an instance is, and what its programs find there.</summary>
/// <param name="Address">Of the instance.</param>
/// <param name="Ports">Its own.</param>
/// <param name="Environment">Whole.</param>
/// <param name="WorkingFolder">Where it runs.</param>
public sealed record ProbeContext(string Address, IReadOnlyList<PortLease> Ports, IReadOnlyDictionary<string, string> Environment, string WorkingFolder)
{
    /// <summary>The port that the instance has under a name, or under the number that its spec gives.</summary>
    /// <exception cref="UriFormatException">Neither.</exception>
    public int PortOf(string port)
    {
        var lease = Ports.FirstOrDefault(each => each.Name == port)
            ?? (int.TryParse(port, out var number) ? Ports.FirstOrDefault(each => each.Preferred == number) : null);
        if (lease is not null) return lease.Port;
        return int.TryParse(port, out var plain) ? plain : throw new UriFormatException($"port is '{port}'; expected a number, or one of {string.Join(", ", Ports.Select(each => each.Name))}");
    }
}

/// <summary>A program run to its end within an instance's surroundings.</summary>
public static class CommandRun
{
    private const int MaxOutputChars = 1 << 20;

    /// <returns>Exit code, and what it wrote to stdout and stderr, the end of it if it is long.</returns>
    /// <exception cref="OperationCanceledException">It took too long, and was killed.</exception>
    public static async Task<(int ExitCode, string Output)> RunAsync(IReadOnlyList<string> command, ProbeContext context, CancellationToken stop)
    {
        if (command.Count == 0) throw new IOException("the command is empty");
        var start = new ProcessStartInfo(command[0]) { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true, WorkingDirectory = context.WorkingFolder };
        foreach (var argument in command.Skip(1)) start.ArgumentList.Add(argument);
        foreach (var (name, value) in context.Environment) start.Environment[name] = value;
        using var process = Process.Start(start) ?? throw new IOException($"{command[0]} did not start");
        process.StandardInput.Close();
        try
        {
            var output = process.StandardOutput.ReadToEndAsync(stop);
            var error = process.StandardError.ReadToEndAsync(stop);
            await process.WaitForExitAsync(stop).ConfigureAwait(false);
            var text = await output.ConfigureAwait(false) + await error.ConfigureAwait(false);
            return (process.ExitCode, text.Length > MaxOutputChars ? text[^MaxOutputChars..] : text);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }
    }
}
