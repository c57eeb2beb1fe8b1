namespace Petabridge.Cmd.Wire;

/// <summary>A command with its arguments, known to exist and complete.</summary>
/// <param name="Arguments">Switch and value by turns.</param>
public sealed record WireInvocation(string Palette, string Command, IReadOnlyList<string> Arguments)
{
    /// <summary>Reads the words of a line by what the host can do.</summary>
    /// <param name="hello">What the host can do.</param>
    /// <param name="words">Palette, command, then switches and values. Values that must be given may come without their switches, in order.</param>
    /// <exception cref="FormatException">The host has no such command, or it takes other arguments; the message says what it takes.</exception>
    public static WireInvocation Parse(WireHello hello, IReadOnlyList<string> words)
    {
        var palette = Find(hello.Palettes, each => each.Name, words, 0, "command");
        var command = Find(palette.Commands, each => each.Name, words, 1, $"command of '{palette.Name}'");
        var arguments = new List<string>();
        for (var i = 2; i < words.Count; i += 2)
        {
            if (!words[i].StartsWith('-') && NextMandatory(command, arguments) is { } next)
            {
                arguments.AddRange([next.Switches[0], words[i--]]);
                continue;
            }

            var argument = command.Arguments.FirstOrDefault(each => each.Switches.Contains(words[i], StringComparer.Ordinal))
                ?? throw new FormatException($"'{words[i]}' is no argument of '{palette.Name} {command.Name}'; expected {Usage(palette, command)}.");
            if (i + 1 == words.Count) throw new FormatException($"{words[i]} lacks its value; expected {Usage(palette, command)}.");
            if (!argument.AllowsMany && arguments.Where((_, index) => index % 2 == 0).Any(argument.Switches.Contains))
                throw new FormatException($"{words[i]} is given twice; expected {Usage(palette, command)}.");
            arguments.AddRange([words[i], words[i + 1]]);
        }

        var missing = NextMandatory(command, arguments);
        return missing is null
            ? new WireInvocation(palette.Name, command.Name, arguments)
            : throw new FormatException($"{missing.Name} is missing; expected {Usage(palette, command)}.");
    }

    /// <summary>A command as it is typed, such as <c>log tail [-n lines]</c>.</summary>
    public static string Usage(WirePalette palette, WireCommand command) => string.Join(' ', [palette.Name, command.Name, .. command.Arguments.Select(Usage)]);

    private static WireArgument? NextMandatory(WireCommand command, List<string> given) =>
        command.Arguments.FirstOrDefault(each => each.IsMandatory && !given.Where((_, index) => index % 2 == 0).Any(each.Switches.Contains));

    private static string Usage(WireArgument argument)
    {
        var text = $"{argument.Switches[0]} {argument.Name}";
        return argument.IsMandatory ? text : $"[{text}]";
    }

    private static T Find<T>(IReadOnlyList<T> candidates, Func<T, string> name, IReadOnlyList<string> words, int index, string what)
        where T : class
    {
        var names = string.Join(", ", candidates.Select(name));
        if (index >= words.Count) throw new FormatException($"A {what} is missing; expected one of {names}.");
        return candidates.FirstOrDefault(each => name(each) == words[index])
            ?? throw new FormatException($"'{words[index]}' is no {what}; expected one of {names}.");
    }
}
