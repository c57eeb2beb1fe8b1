namespace Petabridge.Cmd;

/// <summary>The values of a command's arguments, by name, with the defaults for those not given.</summary>
public sealed class CommandArguments(Command command, CommandDefinition definition)
{
    /// <summary>None if it is not given and has no default.</summary>
    /// <exception cref="KeyNotFoundException">The command has no such argument.</exception>
    public IReadOnlyList<string> ArgumentValues(string argumentName)
    {
        var argument = definition.ArgumentsByName[argumentName];
        string[] given = [.. command.Arguments.Where(each => argument.Switch.Contains(each.Item1)).Select(each => each.Item2)];
        return given.Length > 0 || argument.DefaultValue is null ? given : [argument.DefaultValue];
    }
}
