using Petabridge.Cmd.Wire;

namespace Petabridge.Cmd.Host.Server;

/// <summary>Palettes as a console is told of them.</summary>
internal static class PaletteWire
{
    public static WireHello Hello(string system, IEnumerable<CommandPalette> palettes) =>
        new(system, [.. palettes.OrderBy(palette => palette.ModuleName, StringComparer.Ordinal).Select(Palette)]);

    private static WirePalette Palette(CommandPalette palette) => new(palette.ModuleName, [.. palette.Commands.Select(Command)]);

    private static WireCommand Command(CommandDefinition command) => new(command.Name, command.Description, [.. command.Arguments.Select(Argument)]);

    private static WireArgument Argument(ArgumentDefinition argument) => new(
        argument.Name, argument.Description, argument.IsMandatory, argument.AllowsMultiple,
        [.. argument.Switch.OrderBy(each => each.Length).ThenBy(each => each, StringComparer.Ordinal)], argument.DefaultValues, argument.DefaultValue);
}
