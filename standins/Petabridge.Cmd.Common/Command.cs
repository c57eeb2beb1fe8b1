using System.Collections.Immutable;

namespace Petabridge.Cmd;

/// <summary>A command that a user has given.</summary>
/// <param name="palette">Its first word.</param>
/// <param name="name">Its second word.</param>
/// <param name="arguments">Switches and their values.</param>
public sealed class Command(string palette, string name, IEnumerable<Tuple<string, string>> arguments)
{
    public string Palette { get; } = palette;

    public string Name { get; } = name;

    public ImmutableArray<Tuple<string, string>> Arguments { get; } = [.. arguments];

    public override string ToString() => string.Join(' ', [Palette, Name, .. Arguments.Select(each => $"{each.Item1} {each.Item2}")]);
}

/// <summary>Output of a command. More follows unless it is final.</summary>
public class CommandResponse(string output, bool final = true)
{
    /// <summary>The end of a stream.</summary>
    public static readonly CommandResponse Empty = new("");

    public string Output { get; } = output ?? "";

    public bool Final { get; } = final;

    public override string ToString() => Output;
}

/// <summary>Says that a command has failed, and why.</summary>
public class ErroredCommandResponse(string output, bool final = true) : CommandResponse(output, final);
