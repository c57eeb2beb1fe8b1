using System.Collections.Immutable;
using Akka.Actor;
using Petabridge.Cmd.Wire;

namespace Petabridge.Cmd.Host.Server;

/// <summary>One console: has a handler a palette, and a child for each command that runs. Its end ends them all.</summary>
internal sealed class ConsoleActor : ReceiveActor
{
    private const int MaxCommands = 16;

    private readonly ImmutableDictionary<string, CommandPaletteHandler> _handlers;
    private readonly ConsoleOutbox _outbox;
    private readonly Dictionary<string, IActorRef> _handlerActors = [];
    private readonly Dictionary<long, IActorRef> _running = [];

    public ConsoleActor(ImmutableDictionary<string, CommandPaletteHandler> handlers, ConsoleOutbox outbox)
    {
        _handlers = handlers;
        _outbox = outbox;
        Receive<WireRequest>(Run);
        Receive<CommandRun.Output>(output => _outbox.Put(output.Reply));
        Receive<Ended>(ended => _running.Remove(ended.Id));
    }

    /// <summary>A handler that fails is started anew; the command it failed in has its answer.</summary>
    protected override SupervisorStrategy SupervisorStrategy() => new OneForOneStrategy(_ => Directive.Restart);

    private void Run(WireRequest request)
    {
        if (request.Cancel) Cancel(request.Id);
        else if (_running.ContainsKey(request.Id)) Refuse(request, $"The id {request.Id} is that of a command that still runs.");
        else if (_running.Count >= MaxCommands) Refuse(request, $"{MaxCommands} commands of this console still run; cancel one first.");
        else if (Check(request) is { } problem) Refuse(request, problem);
        else Begin(request);
    }

    private void Begin(WireRequest request)
    {
        var arguments = Pairs(request);
        var id = request.Id;
        var self = Self;
        var run = Context.ActorOf(Props.Create(() => new CommandRun(id, self)));
        _running[id] = Context.WatchWith(run, new Ended(id));
        Handler(request.Palette!).Tell(new Command(request.Palette!, request.Command!, arguments), run);
    }

    private void Cancel(long id)
    {
        if (_running.TryGetValue(id, out var run)) Context.Stop(run);
    }

    private void Refuse(WireRequest request, string problem) => _outbox.Put(new WireReply(request.Id, problem, IsFinal: true, IsError: true));

    /// <summary>What is wrong with a request, or null.</summary>
    private string? Check(WireRequest request)
    {
        if (request.Palette is null || !_handlers.TryGetValue(request.Palette, out var handler)) return $"There is no command palette '{request.Palette}'.";
        if (request.Command is null || !handler.Palette.CommandsByName.TryGetValue(request.Command, out var definition))
            return $"The palette {request.Palette} has no command '{request.Command}'.";
        if (request.Arguments is { Count: var count } && count % 2 != 0) return "An argument lacks its value.";
        var switches = Pairs(request).Select(pair => pair.Item1).ToHashSet();
        if (switches.FirstOrDefault(each => !definition.Arguments.Any(argument => argument.Switch.Contains(each))) is { } unknown)
            return $"The command {request.Palette} {request.Command} has no argument '{unknown}'.";
        var missing = definition.Arguments.FirstOrDefault(argument => argument.IsMandatory && !argument.Switch.Overlaps(switches));
        return missing is null ? null : $"The command {request.Palette} {request.Command} needs the argument {missing.Name}.";
    }

    private IActorRef Handler(string palette)
    {
        if (_handlerActors.TryGetValue(palette, out var actor)) return actor;
        return _handlerActors[palette] = Context.ActorOf(_handlers[palette].HandlerProps, palette);
    }

    private static ImmutableArray<Tuple<string, string>> Pairs(WireRequest request) =>
        [.. (request.Arguments ?? []).Chunk(2).Select(pair => Tuple.Create(pair[0], pair[1]))];

    private sealed record Ended(long Id);
}
