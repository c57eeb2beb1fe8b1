using System.CommandLine;
using System.CommandLine.Parsing;

namespace ActorInference.Host.Cli;

/// <summary>Words of the command line that are one of some names; another one gets one line that says what was expected.</summary>
public static class NameChoice
{
    public static void Among(this Option<string?> option, params string[] names)
    {
        option.Validators.Add(result => Check(result, result.Tokens, option.Name, names));
        option.CompletionSources.Add(names);
    }

    public static void Among(this Argument<string> argument, params string[] names)
    {
        argument.Validators.Add(result => Check(result, result.Tokens, argument.Name, names));
        argument.CompletionSources.Add(names);
    }

    private static void Check(SymbolResult result, IEnumerable<Token> tokens, string name, string[] names)
    {
        if (tokens.FirstOrDefault(token => !names.Contains(token.Value, StringComparer.Ordinal)) is { } wrong) result.AddError($"{name} is '{wrong.Value}'; expected one of {string.Join(", ", names)}.");
    }
}
