using Akka.Actor;
using Petabridge.Cmd;
using Petabridge.Cmd.Host;

namespace ActorInference.Host.Consoles;

/// <summary>A palette whose handler needs nothing but the actor system that it runs in.</summary>
/// <typeparam name="THandler">Has a handler for each of the commands.</typeparam>
internal sealed class Palette<THandler>(CommandPalette commands) : CommandPaletteHandler(commands)
    where THandler : CommandHandlerActor, new()
{
    public override Props HandlerProps { get; } = Props.Create(typeof(THandler));
}

internal static class PaletteArguments
{
    /// <summary>The value of an argument that has one at most; null if it is not given.</summary>
    public static string? Value(this CommandArguments arguments, string name) => arguments.ArgumentValues(name).FirstOrDefault();
}
