using System.Net.Sockets;
using ActorInference.Host.Cli;
using Petabridge.Cmd.Wire;

namespace ActorInference.Host.Consoles;

/// <summary>One run of <c>actorinference cmd</c>: a command and out, commands from stdin, or a prompt.</summary>
public static class ConsoleRun
{
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(5);

    /// <summary>Runs what the words ask for.</summary>
    /// <returns>The exit code: 0 if all commands did well, 1 if one failed, 2 if one was not understood.</returns>
    /// <exception cref="ConsoleFailedException">The node cannot be reached, or the connection broke.</exception>
    /// <exception cref="UserErrorException">The words are no command of the node's.</exception>
    public static async Task<int> RunAsync(IReadOnlyList<string> words, TextReader input, TextWriter output, TextWriter error, CancellationToken cancellationToken)
    {
        var (target, command) = ConsoleTarget.Split(words);
        await using var client = await ConnectAsync(target, cancellationToken);
        var shell = new ConsoleShell(client, output, error);
        try
        {
            if (command.Count > 0) return await RunOneAsync(shell, command, cancellationToken);
            return Console.IsInputRedirected ? await RunAllAsync(shell, input, cancellationToken) : await new ConsolePrompt(shell, target).RunAsync();
        }
        catch (WireException cause)
        {
            throw new ConsoleFailedException($"{target}: {cause.Message}", cause);
        }
    }

    private static async Task<int> RunOneAsync(ConsoleShell shell, IReadOnlyList<string> command, CancellationToken cancellationToken)
    {
        using var signals = new SignalCancellation();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(signals.Token, cancellationToken);
        try
        {
            return await shell.RunAsync(command, stop.Token);
        }
        catch (FormatException cause)
        {
            throw new UserErrorException(cause.Message, cause);
        }
    }

    /// <summary>A line that is not understood does not keep the others from being run.</summary>
    private static async Task<int> RunAllAsync(ConsoleShell shell, TextReader input, CancellationToken cancellationToken)
    {
        using var signals = new SignalCancellation();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(signals.Token, cancellationToken);
        var worst = CommandLine.Success;
        while (await input.ReadLineAsync(stop.Token) is { } line)
        {
            if (line.AsSpan().TrimStart() is [] or ['#', ..]) continue;
            if (ConsoleShell.IsEnd(line)) break;
            worst = Math.Max(worst, await shell.RunLineAsync(line, stop.Token));
        }

        return worst;
    }

    private static async Task<ConsoleClient> ConnectAsync(ConsoleTarget target, CancellationToken cancellationToken)
    {
        try
        {
            return await ConsoleClient.ConnectAsync(target.Host, target.Port, ConnectTimeout, cancellationToken);
        }
        catch (SocketException cause)
        {
            throw new ConsoleFailedException($"No node can be reached at {target} ({cause.Message}); is it running, and is that its --cmd-port?", cause);
        }
        catch (Exception cause) when (cause is WireException or TimeoutException or IOException)
        {
            throw new ConsoleFailedException($"{target} does not answer as a console of ActorInference ({cause.Message}); on the Petabridge.Cmd package itself use its tool, pbm.", cause);
        }
    }
}

/// <summary>The console cannot do its work: the node is not there, or went away.</summary>
public sealed class ConsoleFailedException(string message, Exception? cause = null) : Exception(message, cause);
