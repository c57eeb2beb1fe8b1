using System.Collections.Immutable;

namespace Petabridge.Cmd;

/// <summary>An argument of a command: a switch with a value.</summary>
public sealed class ArgumentDefinition
{
    internal ArgumentDefinition(ArgumentDefinitionBuilder from)
    {
        if (string.IsNullOrWhiteSpace(from.Name)) throw new ArgumentException("An argument must have a name.");
        if (from.Switches.Count == 0) throw new ArgumentException($"The argument {from.Name} must have a switch, such as -{from.Name[0]}.");
        Name = from.Name;
        Description = from.Description ?? "";
        IsMandatory = from.Mandatory;
        AllowsMultiple = from.Multiple;
        Switch = [.. from.Switches];
        DefaultValues = [.. from.Values];
        DefaultValue = from.Default;
    }

    public string Name { get; }

    public string Description { get; }

    public bool IsMandatory { get; }

    public bool AllowsMultiple { get; }

    /// <summary>The ways to give it.</summary>
    public ImmutableHashSet<string> Switch { get; }

    /// <summary>Values to choose from; others are taken too.</summary>
    public ImmutableArray<string> DefaultValues { get; }

    /// <summary>Its value when it is not given.</summary>
    public string? DefaultValue { get; }
}

/// <summary>Describes an argument.</summary>
public sealed class ArgumentDefinitionBuilder
{
    internal string? Name { get; private set; }

    internal string? Description { get; private set; }

    internal bool Mandatory { get; private set; }

    internal bool Multiple { get; private set; }

    internal List<string> Switches { get; } = [];

    internal List<string> Values { get; } = [];

    internal string? Default { get; private set; }

    public ArgumentDefinitionBuilder WithName(string name)
    {
        Name = name;
        return this;
    }

    public ArgumentDefinitionBuilder WithDescription(string description)
    {
        Description = description;
        return this;
    }

    public ArgumentDefinitionBuilder IsMandatory(bool mandatory)
    {
        Mandatory = mandatory;
        return this;
    }

    public ArgumentDefinitionBuilder AllowMultiple(bool allow)
    {
        Multiple = allow;
        return this;
    }

    public ArgumentDefinitionBuilder WithSwitch(string argumentSwitch)
    {
        Switches.Add(argumentSwitch);
        return this;
    }

    public ArgumentDefinitionBuilder WithDefaultValues(params string[] values)
    {
        Values.AddRange(values);
        return this;
    }

    public ArgumentDefinitionBuilder WithDefaultValue(string value)
    {
        Default = value;
        return this;
    }
}
