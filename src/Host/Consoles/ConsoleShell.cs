using ActorInference.Host.Cli;
using Petabridge.Cmd.Wire;

namespace ActorInference.Host.Consoles;

/// <summary>Runs commands of a node and prints what they say: output to one writer, failures to another.</summary>
public sealed class ConsoleShell(ConsoleClient client, TextWriter output, TextWriter error)
{
    /// <summary>Words that the console understands by itself.</summary>
    public static readonly IReadOnlyList<string> LocalWords = ["exit", "help", "quit"];

    public WireHello Hello => client.Hello;

    public static bool IsEnd(string line) => line.Trim() is "exit" or "quit";

    /// <summary>Runs one command.</summary>
    /// <returns>The exit code.</returns>
    /// <exception cref="FormatException">The node has no such command.</exception>
    /// <exception cref="WireException">The connection broke.</exception>
    public async Task<int> RunAsync(IReadOnlyList<string> words, CancellationToken cancellationToken)
    {
        if (words is ["help", ..])
        {
            output.WriteLine(Help(words.ElementAtOrDefault(1)));
            return CommandLine.Success;
        }

        await foreach (var reply in client.RunAsync(WireInvocation.Parse(Hello, words), cancellationToken))
        {
            if (reply.IsError)
            {
                error.WriteLine($"actorinference: {reply.Text}");
                return CommandLine.Failure;
            }

            if (reply.Text.Length > 0) output.WriteLine(reply.Text);
        }

        return CommandLine.Success;
    }

    /// <summary>Runs a typed line; one that is not understood says so.</summary>
    /// <exception cref="WireException">The connection broke.</exception>
    public async Task<int> RunLineAsync(string line, CancellationToken cancellationToken)
    {
        try
        {
            return await RunAsync(CommandWords.Split(line), cancellationToken);
        }
        catch (FormatException cause)
        {
            error.WriteLine($"actorinference: {cause.Message}");
            return CommandLine.UserError;
        }
    }

    private string Help(string? palette)
    {
        var shown = Hello.Palettes.Where(each => palette is null || each.Name == palette).ToList();
        if (shown.Count == 0) throw new FormatException($"'{palette}' is no palette; expected one of {string.Join(", ", Hello.Palettes.Select(each => each.Name))}.");
        var lines = shown.SelectMany(each => each.Commands.Select(command => (Usage: WireInvocation.Usage(each, command), command.Description))).ToList();
        var width = lines.Max(line => line.Usage.Length);
        return string.Join(Environment.NewLine, lines.Select(line => $"{line.Usage.PadRight(width)}  {line.Description}"));
    }
}
