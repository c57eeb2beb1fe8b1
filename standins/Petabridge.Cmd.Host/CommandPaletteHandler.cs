using Akka.Actor;

namespace Petabridge.Cmd.Host;

/// <summary>A palette, and the actor that runs its commands.</summary>
public abstract class CommandPaletteHandler(CommandPalette palette)
{
    public CommandPalette Palette { get; } = palette;

    /// <summary>Makes the actor that runs the commands; one for each console that is connected.</summary>
    public abstract Props HandlerProps { get; }

    /// <summary>Runs when the palette is registered, before <see cref="HandlerProps"/> is asked for.</summary>
    public virtual void OnRegister(PetabridgeCmd plugin)
    {
    }
}
