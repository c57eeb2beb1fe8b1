using Petabridge.Cmd.Wire;

namespace ActorInference.Host.Consoles;

/// <summary>What may stand next in a line, by what the node can do.</summary>
public sealed class CommandCompletion(WireHello hello, IReadOnlyList<string> local)
{
    /// <summary>Words that the last word of the line can become, in the order to offer them.</summary>
    /// <param name="line">What stands left of the cursor.</param>
    public IReadOnlyList<string> Candidates(string line)
    {
        var words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var begun = line.Length > 0 && line[^1] != ' ';
        var before = begun ? words[..^1] : words;
        var start = begun ? words[^1] : "";
        return [.. Next(before).Where(word => word.StartsWith(start, StringComparison.Ordinal)).Distinct().Order(StringComparer.Ordinal)];
    }

    private IEnumerable<string> Next(string[] before)
    {
        if (before.Length == 0) return [.. hello.Palettes.Select(palette => palette.Name), .. local];
        if (hello.Palettes.FirstOrDefault(palette => palette.Name == before[0]) is not { } palette) return [];
        if (before.Length == 1) return palette.Commands.Select(command => command.Name);
        if (palette.Commands.FirstOrDefault(command => command.Name == before[1]) is not { } command) return [];
        if (before.Length % 2 == 0) return command.Arguments.SelectMany(argument => argument.Switches);
        return command.Arguments.FirstOrDefault(argument => argument.Switches.Contains(before[^1]))?.Values ?? [];
    }
}
