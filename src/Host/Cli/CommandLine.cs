using System.CommandLine;
using System.CommandLine.Invocation;
using System.CommandLine.Parsing;
using ActorInference.Gpu.Models;
using ActorInference.Host.Consoles;

namespace ActorInference.Host.Cli;

/// <summary>Parses and runs a command. Each thing that is wrong is one line on stderr; the exit code says whose fault it was.</summary>
public static class CommandLine
{
    /// <summary>It was done.</summary>
    public const int Success = 0;

    /// <summary>A fault of the program or its surroundings, or something that was waited for and does not come.</summary>
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
            return Report($"{Describe(parsed)} ('{Path(parsed)} --help' lists what there is.)", UserError);
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
                UserErrorException wrong => Report(wrong.Lines, UserError),
                ModelFormatException => Report(failure.Message, UserError),
                ConsoleFailedException or CommandFailedException => Report(failure.Message, Failure),
                OperationCanceledException => Report("interrupted", Interrupted),
                _ => Report($"{failure.GetType().Name}: {failure.Message} (Set {DebugVariable}=1 for details.)", Failure),
            };
        }
    }

    /// <summary>The first thing that is wrong, in the words of all other messages.</summary>
    private static string Describe(ParseResult parsed)
    {
        var command = parsed.CommandResult.Command;
        if (command.Subcommands.Count > 0 && parsed.UnmatchedTokens is [var word, ..])
            return $"'{word}' is no command of '{Path(parsed)}'; expected one of {string.Join(", ", command.Subcommands.Where(each => !each.Hidden).Select(each => each.Name))}.";
        if (parsed.Errors.Count == 0) return "The command line is not understood.";
        return WrongName(parsed.Errors[0]) ?? parsed.Errors[0].Message;
    }

    /// <returns>Null if it is not about an option that takes one of some names.</returns>
    private static string? WrongName(ParseError error)
    {
        if (error.SymbolResult is not OptionResult { Option: var option } given) return null;
        var type = option.ValueType.IsArray ? option.ValueType.GetElementType()! : option.ValueType;
        type = Nullable.GetUnderlyingType(type) ?? type;
        if (!type.IsEnum || given.Tokens.FirstOrDefault(token => !Enum.TryParse(type, token.Value, ignoreCase: true, out _)) is not { } wrong) return null;
        return $"{option.Name} is '{wrong.Value}'; expected one of {string.Join(", ", Enum.GetNames(type)).ToLowerInvariant()}.";
    }

    private static int Report(string message, int exitCode) => Report([message], exitCode);

    private static int Report(IEnumerable<string> messages, int exitCode)
    {
        foreach (var message in messages) Console.Error.WriteLine("actorinference: " + message.ReplaceLineEndings(" "));
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
