using System.Globalization;
using Akka.Actor;
using Akka.Event;

namespace Petabridge.Cmd.Host.Palettes;

/// <summary>The palette <c>log</c>: what the actor system logs.</summary>
internal sealed class LogCommands : CommandPaletteHandler
{
    private static readonly CommandDefinition Peek = new CommandDefinitionBuilder()
        .WithName("peek").WithDescription("The last lines.")
        .WithArgument(argument => argument.WithName("lines").WithSwitch("-n").WithSwitch("--lines").WithDescription("How many, 1 to 1000.").WithDefaultValue("20"))
        .Build();

    private static readonly CommandDefinition Tail = new CommandDefinitionBuilder()
        .WithName("tail").WithDescription("Lines as they are logged, until Ctrl-C.")
        .WithArgument(argument => argument.WithName("lines").WithSwitch("-n").WithSwitch("--lines").WithDescription("Ends after so many.").WithDefaultValues("1", "100"))
        .WithArgument(argument => argument.WithName("level").WithSwitch("-l").WithSwitch("--level").WithDescription("The least level shown.").WithDefaultValues(LogLevels.Names))
        .Build();

    private static readonly CommandDefinition Level = new CommandDefinitionBuilder()
        .WithName("level").WithDescription("The least level that is logged at all; with -s, sets it.")
        .WithArgument(argument => argument.WithName("level").WithSwitch("-s").WithSwitch("--set").WithDescription("The new level.").WithDefaultValues(LogLevels.Names))
        .Build();

    private Props? _handlerProps;

    public LogCommands()
        : base(new CommandPalette("log", [Peek, Tail, Level]))
    {
    }

    public override Props HandlerProps => _handlerProps ?? throw new InvalidOperationException("The palette is not registered.");

    public override void OnRegister(PetabridgeCmd plugin)
    {
        var memory = ((ExtendedActorSystem)plugin.Sys).SystemActorOf(Props.Create(() => new LogMemory()), "petabridge-cmd-log");
        _handlerProps = Props.Create(() => new Handler(Palette, memory));
    }

    private sealed class Handler : CommandHandlerActor
    {
        private readonly IActorRef _memory;

        public Handler(CommandPalette palette, IActorRef memory)
            : base(palette)
        {
            _memory = memory;
            Process(Peek.Name, (_, arguments) => PeekAt(arguments));
            Process(Tail.Name, (_, arguments) => Follow(arguments));
            Process(Level.Name, (_, arguments) => ShowOrSet(arguments));
        }

        private void PeekAt(CommandArguments arguments)
        {
            if (Lines(arguments, LogMemory.MaxLines) is { } lines) _memory.Forward(new LogMemory.Peek(lines));
        }

        private void Follow(CommandArguments arguments)
        {
            var level = Context.System.EventStream.LogLevel;
            if (arguments.ArgumentValues("level") is [var given] && !TryLevel(given, out level)) return;
            if (Lines(arguments, int.MaxValue) is not { } lines) return;
            var reader = Sender;
            Context.ActorOf(Props.Create(() => new LogTail(reader, level, lines)));
        }

        private void ShowOrSet(CommandArguments arguments)
        {
            var bus = Context.System.EventStream;
            if (arguments.ArgumentValues("level") is [var given])
            {
                if (!TryLevel(given, out var level)) return;
                bus.SetLogLevel(level);
            }

            Sender.Tell(new CommandResponse(LogLevels.NameOf(bus.LogLevel)));
        }

        private bool TryLevel(string given, out LogLevel level)
        {
            if (LogLevels.TryParse(given, out level)) return true;
            Sender.Tell(new ErroredCommandResponse($"level is '{given}'; expected one of {string.Join(", ", LogLevels.Names)}."));
            return false;
        }

        private int? Lines(CommandArguments arguments, int max)
        {
            if (arguments.ArgumentValues("lines") is not [var given, ..]) return max;
            if (int.TryParse(given, NumberStyles.None, CultureInfo.InvariantCulture, out var lines) && lines >= 1 && lines <= max) return lines;
            Sender.Tell(new ErroredCommandResponse($"lines is '{given}'; expected a number of at least 1{(max < int.MaxValue ? $", at most {max}" : "")}."));
            return null;
        }
    }
}
