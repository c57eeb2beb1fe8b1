using System.CommandLine;
using System.CommandLine.Invocation;
using System.CommandLine.Parsing;
using ActorInference.Gpu.Models;
using ActorInference.Host.Consoles;

namespace ActorInference.Host.Cli;

/// <summary>Parses and runs a command. What goes wrong is one line on stderr; the exit code says whose fault it was.</summary>
public static class CommandLine
{
    /// <summary>It was done.</summary>
    public const int Success = 0;

    /// <summary>A fault of the program or its surroundings.</summary>
    public const int Failure = 1;

    /// <summary>Bad options or model files.</summary>
    public const int UserError = 2;

    /// <summary>Ended by Ctrl-C or SIGTERM before it was done.</summary>
    public const int Interrupted = 130;

    /// <summary>Set to see stack traces.</summary>
    private const string DebugVariable = "ACTORINFERENCE_DEBUG";

    public static async Task<int> RunAsync(RootCommand root, string[] args)
    {
        ParseResult parsed;
        try
        {
            parsed = root.Parse(args);
        }
        catch (InvalidOperationException conflict)
        {
            // From a check that looked at an option which is given more often than it may be.
            return Report(conflict.Message, UserError);
        }

        if (parsed.Action is ParseErrorAction)
        {
            var error = parsed.Errors.Select(problem => problem.Message).FirstOrDefault() ?? "The command line is not understood.";
            return Report($"{error} ('{Path(parsed)} --help' lists what there is.)", UserError);
        }

        try
        {
            var settings = new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null };
            return await parsed.InvokeAsync(settings);
        }
        catch (Exception failure) when (Environment.GetEnvironmentVariable(DebugVariable) is null or "")
        {
            return failure switch
            {
                UserErrorException or ModelFormatException => Report(failure.Message, UserError),
                ConsoleFailedException => Report(failure.Message, Failure),
                OperationCanceledException => Report("interrupted", Interrupted),
                _ => Report($"{failure.GetType().Name}: {failure.Message} (Set {DebugVariable}=1 for details.)", Failure),
            };
        }
    }

    private static int Report(string message, int exitCode)
    {
        Console.Error.WriteLine("actorinference: " + message.ReplaceLineEndings(" "));
        return exitCode;
    }

    private static string Path(ParseResult parsed)
    {
        var words = new Stack<string>();
        for (var command = parsed.CommandResult; command is not null; command = command.Parent as CommandResult)
            words.Push(command.Command is RootCommand ? "actorinference" : command.Command.Name);
        return string.Join(' ', words);
    }
}
