using ActorInference.Host.Management;
using Akka.Actor;
using Petabridge.Cmd;
using Petabridge.Cmd.Host;

namespace ActorInference.Host.Consoles;

/// <summary>The palette <c>cluster</c>: the members, letting one in and sending one away.</summary>
internal static class ClusterCommands
{
    private const string Address = "address";

    private static readonly CommandDefinition Show = new CommandDefinitionBuilder()
        .WithName("show").WithDescription("The members of the cluster as this node sees them.")
        .Build();

    private static readonly CommandDefinition Leave = OfAddress("leave", "Asks a member to leave in order.", "Its address, as show gives it, or host:port.");
    private static readonly CommandDefinition Down = OfAddress("down", "Removes a member that cannot be reached any more.", "Its address, as show gives it, or host:port.");
    private static readonly CommandDefinition Join = OfAddress("join", "Lets this node, which is in no cluster yet, join that of another.", "Address of the other, in full or as host:port.");

    private static readonly CommandDefinition Tail = new CommandDefinitionBuilder()
        .WithName("tail").WithDescription("What happens to the members, as it happens, until Ctrl-C.")
        .Build();

    private static readonly CommandPalette Commands = new("cluster", new[] { Show, Leave, Down, Join, Tail });

    /// <summary>After the definitions, which it is made of.</summary>
    public static readonly CommandPaletteHandler Instance = new Palette<Handler>(Commands);

    private static CommandDefinition OfAddress(string name, string description, string address) => new CommandDefinitionBuilder()
        .WithName(name).WithDescription(description)
        .WithArgument(argument => argument.WithName(Address).WithSwitch("-a").WithSwitch("--address").IsMandatory(true).WithDescription(address))
        .Build();

    private sealed class Handler : CommandHandlerActor
    {
        public Handler()
            : base(Commands)
        {
            Process(Show.Name, (_, _) => Sender.Tell(ClusterView.Of(Context.System) is { } view ? Table(view) : new ErroredCommandResponse(ClusterView.NoCluster)));
            Process(Leave.Name, (_, arguments) => Order(arguments, ClusterOrders.Leave));
            Process(Down.Name, (_, arguments) => Order(arguments, ClusterOrders.Down));
            Process(Join.Name, (_, arguments) => Order(arguments, ClusterOrders.Join));
            Process(Tail.Name, (_, _) => Follow(Sender));
        }

        private void Order(CommandArguments arguments, Func<ActorSystem, string, OrderOutcome> order)
        {
            var outcome = order(Context.System, arguments.Value(Address)!);
            Sender.Tell(outcome.Result == OrderResult.Accepted ? new CommandResponse(outcome.Text) : new ErroredCommandResponse(outcome.Text));
        }

        private static void Follow(IActorRef reader)
        {
            if (ClusterView.IsMember(Context.System)) Context.ActorOf(ClusterTail.Props(reader));
            else reader.Tell(new ErroredCommandResponse(ClusterView.NoCluster));
        }
    }

    private static CommandResponse Table(ClusterView view) => ConsoleTable.Of(["NODE", "STATUS", "ROLES", ""], view.Members.Select(member => Row(member, view)));

    private static string[] Row(MemberView member, ClusterView view)
    {
        string[] remarks = [.. member.Node == view.Self ? ["self"] : Array.Empty<string>(), .. member.Node == view.Leader ? ["leader"] : Array.Empty<string>(), .. member.Reachable ? Array.Empty<string>() : ["unreachable"]];
        return [member.Node, member.Status, string.Join(',', member.Roles), string.Join(", ", remarks)];
    }
}
