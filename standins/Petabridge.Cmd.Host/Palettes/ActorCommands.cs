using System.Globalization;
using System.Text;
using Akka.Actor;

namespace Petabridge.Cmd.Host.Palettes;

/// <summary>The palette <c>actor</c>: which actors there are.</summary>
internal sealed class ActorCommands : CommandPaletteHandler
{
    private static readonly CommandDefinition Hierarchy = new CommandDefinitionBuilder()
        .WithName("hierarchy").WithDescription("The paths of all actors of this node, those of the system too.")
        .WithArgument(argument => argument.WithName("max").WithSwitch("-m").WithSwitch("--max").WithDescription("Actors at most.").WithDefaultValue("10000"))
        .Build();

    private static readonly CommandDefinition Tree = new CommandDefinitionBuilder()
        .WithName("tree").WithDescription("The users' actors with their types and the messages in their mailboxes.")
        .WithArgument(argument => argument.WithName("path").WithSwitch("-p").WithSwitch("--path").WithDescription("Where to begin.").WithDefaultValues("/", "/user", "/system").WithDefaultValue("/user"))
        .WithArgument(argument => argument.WithName("max").WithSwitch("-m").WithSwitch("--max").WithDescription("Actors at most.").WithDefaultValue("10000"))
        .Build();

    /// <summary>After the definitions, which it is made of.</summary>
    public static readonly ActorCommands Instance = new();

    private ActorCommands()
        : base(new CommandPalette("actor", [Hierarchy, Tree])) => HandlerProps = Props.Create(() => new Handler(Palette));

    public override Props HandlerProps { get; }

    private sealed class Handler : CommandHandlerActor
    {
        public Handler(CommandPalette palette)
            : base(palette)
        {
            Process(Hierarchy.Name, (_, arguments) => Reply("/", arguments, (text, actor, _) => text.AppendLine(actor.Path.ToStringWithoutAddress())));
            Process(Tree.Name, (_, arguments) => Reply(arguments.ArgumentValues("path")[0], arguments, AppendLine));
        }

        private void Reply(string path, CommandArguments arguments, Action<StringBuilder, IActorRef, int> append)
        {
            var given = arguments.ArgumentValues("max")[0];
            if (!int.TryParse(given, NumberStyles.None, CultureInfo.InvariantCulture, out var max) || max < 1)
            {
                Sender.Tell(new ErroredCommandResponse($"max is '{given}'; expected a number of at least 1."));
                return;
            }

            var root = ((ExtendedActorSystem)Context.System).LookupRoot;
            var start = root.GetChild([.. path.Split('/', StringSplitOptions.RemoveEmptyEntries)]);
            if (path.Trim('/').Length == 0) start = root;
            if (start.IsNobody())
            {
                Sender.Tell(new ErroredCommandResponse($"path is '{path}'; expected that of an actor of this node, such as /user."));
                return;
            }

            var text = new StringBuilder();
            var count = Append(text, start, 0, max, append);
            if (count >= max) text.Append(CultureInfo.InvariantCulture, $"... cut at {max} actors\n");
            Sender.Tell(new CommandResponse(text.ToString().TrimEnd('\n')));
        }

        /// <summary>Writes up to <paramref name="max"/> actors.</summary>
        /// <returns>How many it wrote.</returns>
        private static int Append(StringBuilder text, IActorRef actor, int depth, int max, Action<StringBuilder, IActorRef, int> append)
        {
            append(text, actor, depth);
            var count = 1;
            if (actor is not ActorRefWithCell cell) return count;
            foreach (var child in cell.Children.OrderBy(child => child.Path.Name, StringComparer.Ordinal))
            {
                if (count >= max) break;
                count += Append(text, child, depth + 1, max - count, append);
            }

            return count;
        }

        private static void AppendLine(StringBuilder text, IActorRef actor, int depth)
        {
            text.Append(' ', depth * 2).Append(depth == 0 ? actor.Path.ToStringWithoutAddress() : actor.Path.Name);
            if (actor is ActorRefWithCell { Underlying: { } cell })
            {
                var waiting = cell.NumberOfMessages;
                text.Append("  ").Append(cell.Props.Type.Name);
                if (waiting > 0) text.Append(CultureInfo.InvariantCulture, $"  {waiting} in the mailbox");
            }

            text.AppendLine();
        }
    }
}
