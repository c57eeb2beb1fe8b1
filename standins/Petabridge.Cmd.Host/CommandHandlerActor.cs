using Akka.Actor;

namespace Petabridge.Cmd.Host;

/// <summary>
/// Runs the commands of a palette. A command's handler, or whom it asks, answers the sender with <see cref="CommandResponse"/>s up
/// to a final one. The sender's end means that nobody waits for more.
/// </summary>
public abstract class CommandHandlerActor : ReceiveActor
{
    private readonly CommandPalette _palette;
    private readonly Dictionary<string, Action<Command>> _handlers = [];

    protected CommandHandlerActor(CommandPalette palette)
    {
        _palette = palette;
        Receive<Command>(Run);
    }

    protected void Process(string commandName, Action<Command> handler)
    {
        if (!_palette.CommandsByName.ContainsKey(commandName))
            throw new ArgumentException($"The palette {_palette.ModuleName} has no command '{commandName}'.", nameof(commandName));
        _handlers[commandName] = handler;
    }

    protected void Process(string commandName, Action<Command, CommandArguments> handler) =>
        Process(commandName, command => handler(command, new CommandArguments(command, _palette.CommandsByName[commandName])));

    private void Run(Command command)
    {
        if (!_handlers.TryGetValue(command.Name, out var handler))
        {
            Sender.Tell(new ErroredCommandResponse($"The command {_palette.ModuleName} {command.Name} has no handler."));
            return;
        }

        try
        {
            handler(command);
        }
        catch (Exception e)
        {
            Sender.Tell(new ErroredCommandResponse($"{e.GetType().Name}: {e.Message}"));
            throw;   // The supervisor logs it and starts the handler anew.
        }
    }
}
