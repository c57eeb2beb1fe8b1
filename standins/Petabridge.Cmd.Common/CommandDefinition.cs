using System.Collections.Immutable;

namespace Petabridge.Cmd;

/// <summary>A command: its name and what it takes.</summary>
public sealed class CommandDefinition
{
    internal CommandDefinition(string name, string description, IEnumerable<ArgumentDefinition> arguments)
    {
        Name = name;
        Description = description;
        Arguments = [.. arguments];
        ArgumentsByName = Arguments.ToImmutableDictionary(argument => argument.Name);
    }

    public string Name { get; }

    public string Description { get; }

    public ImmutableArray<ArgumentDefinition> Arguments { get; }

    public ImmutableDictionary<string, ArgumentDefinition> ArgumentsByName { get; }
}

/// <summary>Describes a command.</summary>
public sealed class CommandDefinitionBuilder
{
    private readonly List<ArgumentDefinition> _arguments = [];
    private string? _name;
    private string _description = "";

    public CommandDefinitionBuilder WithName(string name)
    {
        _name = name;
        return this;
    }

    public CommandDefinitionBuilder WithDescription(string description)
    {
        _description = description;
        return this;
    }

    public CommandDefinitionBuilder WithArgument(Func<ArgumentDefinitionBuilder, ArgumentDefinitionBuilder> argument)
    {
        _arguments.Add(new ArgumentDefinition(argument(new ArgumentDefinitionBuilder())));
        return this;
    }

    /// <exception cref="ArgumentException">It has no name, or two arguments have one name or switch.</exception>
    public CommandDefinition Build()
    {
        if (string.IsNullOrWhiteSpace(_name) || _name.Any(char.IsWhiteSpace)) throw new ArgumentException($"A command's name is '{_name}'; it must be one word.");
        var twice = _arguments.SelectMany(argument => argument.Switch).GroupBy(each => each).FirstOrDefault(group => group.Count() > 1);
        return twice is null
            ? new CommandDefinition(_name, _description, _arguments)
            : throw new ArgumentException($"Two arguments of the command {_name} have the switch {twice.Key}.");
    }
}

/// <summary>Commands under one first word.</summary>
public sealed class CommandPalette
{
    /// <exception cref="ArgumentException">The name is no word, or two commands have one name.</exception>
    public CommandPalette(string moduleName, IEnumerable<CommandDefinition> commands)
    {
        if (string.IsNullOrWhiteSpace(moduleName) || moduleName.Any(char.IsWhiteSpace))
            throw new ArgumentException($"A palette's name is '{moduleName}'; it must be one word.", nameof(moduleName));
        ModuleName = moduleName;
        Commands = [.. commands];
        CommandsByName = Commands.ToImmutableDictionary(command => command.Name);
    }

    public string ModuleName { get; }

    public ImmutableArray<CommandDefinition> Commands { get; }

    public ImmutableDictionary<string, CommandDefinition> CommandsByName { get; }
}
