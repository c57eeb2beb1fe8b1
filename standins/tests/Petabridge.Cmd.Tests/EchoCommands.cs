using System.Globalization;
using Akka.Actor;
using Petabridge.Cmd;
using Petabridge.Cmd.Host;

namespace ActorInference.Standins.Petabridge.Cmd.Tests;

/// <summary>Commands that behave well, and badly.</summary>
internal sealed class EchoCommands : CommandPaletteHandler
{
    private static readonly CommandPalette EchoPalette = new("echo",
    [
        new CommandDefinitionBuilder().WithName("say").WithDescription("Says it.")
            .WithArgument(argument => argument.WithName("text").IsMandatory(true).WithSwitch("-t").WithSwitch("--text"))
            .WithArgument(argument => argument.WithName("end").WithSwitch("-e").WithDefaultValue("."))
            .Build(),
        new CommandDefinitionBuilder().WithName("count").WithDescription("Counts.")
            .WithArgument(argument => argument.WithName("to").WithSwitch("-n").WithDefaultValue("3"))
            .Build(),
        new CommandDefinitionBuilder().WithName("fail").Build(),
        new CommandDefinitionBuilder().WithName("throw").Build(),
        new CommandDefinitionBuilder().WithName("forever").Build(),
        new CommandDefinitionBuilder().WithName("big").Build(),
    ]);

    private int _streams;

    public EchoCommands()
        : base(EchoPalette) => HandlerProps = Props.Create(() => new Handler(this));

    public override Props HandlerProps { get; }

    /// <summary>Endless commands whose console has not gone away.</summary>
    public int Streams => Volatile.Read(ref _streams);

    private sealed class Handler : CommandHandlerActor
    {
        private readonly EchoCommands _owner;
        private int _streams;

        public Handler(EchoCommands owner)
            : base(EchoPalette)
        {
            _owner = owner;
            Process("say", (_, arguments) => Sender.Tell(new CommandResponse(arguments.ArgumentValues("text")[0] + arguments.ArgumentValues("end")[0])));
            Process("count", (_, arguments) =>
            {
                var to = int.Parse(arguments.ArgumentValues("to")[0], CultureInfo.InvariantCulture);
                for (var i = 1; i < to; i++) Sender.Tell(new CommandResponse($"{i}", false));
                Sender.Tell(new CommandResponse($"{to}"));
            });
            Process("fail", _ => Sender.Tell(new ErroredCommandResponse("It is forbidden.")));
            Process("throw", _ => throw new InvalidOperationException("It broke."));
            Process("big", _ => Sender.Tell(new CommandResponse(string.Join('\n', Enumerable.Range(0, 300_000)))));
            Process("forever", _ =>
            {
                Count(1);
                Context.WatchWith(Sender, new Gone());
                Sender.Tell(new CommandResponse("on and on", false));
            });
            Receive<Gone>(_ => Count(-1));
        }

        /// <summary>A console that goes away takes its handlers with it.</summary>
        protected override void PostStop() => Count(-_streams);

        private void Count(int more)
        {
            _streams += more;
            Interlocked.Add(ref _owner._streams, more);
        }

        private sealed record Gone;
    }
}
