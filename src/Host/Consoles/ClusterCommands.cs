using ActorInference.Host.Management;
using Akka.Actor;
using Akka.Cluster;
using Petabridge.Cmd;
using Petabridge.Cmd.Host;

namespace ActorInference.Host.Consoles;

/// <summary>The palette <c>cluster</c>: the members, and sending one away.</summary>
public sealed class ClusterCommands : CommandPaletteHandler
{
    private static readonly CommandDefinition Show = new CommandDefinitionBuilder()
        .WithName("show").WithDescription("The members of the cluster as this node sees them.")
        .Build();

    private static readonly CommandDefinition Leave = new CommandDefinitionBuilder()
        .WithName("leave").WithDescription("Asks a member to leave in order.")
        .WithArgument(argument => argument.WithName("address").WithSwitch("-a").WithSwitch("--address").IsMandatory(true).WithDescription("Address, as show gives it."))
        .Build();

    private static readonly CommandDefinition Down = new CommandDefinitionBuilder()
        .WithName("down").WithDescription("Removes a member that cannot be reached any more.")
        .WithArgument(argument => argument.WithName("address").WithSwitch("-a").WithSwitch("--address").IsMandatory(true).WithDescription("Address, as show gives it."))
        .Build();

    private static readonly CommandPalette ClusterPalette = new("cluster", new[] { Show, Leave, Down });

    /// <summary>After the definitions, which it is made of.</summary>
    public static readonly ClusterCommands Instance = new();

    private ClusterCommands()
        : base(ClusterPalette) => HandlerProps = Props.Create(() => new Handler());

    public override Props HandlerProps { get; }

    private sealed class Handler : CommandHandlerActor
    {
        public Handler()
            : base(ClusterPalette)
        {
            Process(Show.Name, (_, _) => Sender.Tell(ClusterView.Of(Context.System) is { } view ? Table(view) : new ErroredCommandResponse(ClusterView.NoCluster)));
            Process(Leave.Name, (_, arguments) => Change(arguments.ArgumentValues("address").FirstOrDefault(), "leave", (cluster, member) => cluster.Leave(member)));
            Process(Down.Name, (_, arguments) => Change(arguments.ArgumentValues("address").FirstOrDefault(), "be removed", (cluster, member) => cluster.Down(member)));
        }

        private void Change(string? address, string what, Action<Cluster, Address> change) => Sender.Tell(Changed(Context.System, address, what, change));
    }

    private static CommandResponse Changed(ActorSystem system, string? address, string what, Action<Cluster, Address> change)
    {
        if (ClusterView.Of(system) is not { } view) return new ErroredCommandResponse(ClusterView.NoCluster);
        if (address is null || view.Members.All(member => member.Node != address))
            return new ErroredCommandResponse($"address is '{address}'; expected one of {string.Join(", ", view.Members.Select(member => member.Node))}.");
        change(Cluster.Get(system), Address.Parse(address));
        return new CommandResponse($"{address} will {what}.");
    }

    private static CommandResponse Table(ClusterView view)
    {
        List<string[]> rows = [["NODE", "STATUS", "ROLES", ""], .. view.Members.Select(member => Row(member, view))];
        var widths = Enumerable.Range(0, rows[0].Length).Select(column => rows.Max(row => row[column].Length)).ToList();
        return new CommandResponse(string.Join('\n', rows.Select(row => string.Join("  ", row.Select((cell, column) => cell.PadRight(widths[column]))).TrimEnd())));
    }

    private static string[] Row(MemberView member, ClusterView view)
    {
        string[] remarks = [.. member.Node == view.Self ? ["self"] : Array.Empty<string>(), .. member.Node == view.Leader ? ["leader"] : Array.Empty<string>(), .. member.Reachable ? Array.Empty<string>() : ["unreachable"]];
        return [member.Node, member.Status, string.Join(',', member.Roles), string.Join(", ", remarks)];
    }
}
