using System.Globalization;
using ActorInference.Host.Management;
using Akka.Actor;
using Petabridge.Cmd;
using Petabridge.Cmd.Host;

namespace ActorInference.Host.Consoles;

/// <summary>The palette <c>cluster-sharding</c>: where entities are.</summary>
internal static class ShardingCommands
{
    private const string Type = "type";

    private static readonly CommandDefinition List = new CommandDefinitionBuilder()
        .WithName("list").WithDescription("The types of entities.")
        .Build();

    private static readonly CommandDefinition RegionStats = new CommandDefinitionBuilder()
        .WithName("region-stats").WithDescription("How many entities of a type run in which shard on which node.")
        .WithArgument(argument => argument.WithName(Type).WithSwitch("-t").WithSwitch("--type").IsMandatory(true).WithDescription("One of those that list shows."))
        .Build();

    private static readonly CommandPalette Commands = new("cluster-sharding", new[] { List, RegionStats });

    /// <summary>After the definitions, which it is made of.</summary>
    public static readonly CommandPaletteHandler Instance = new Palette<Handler>(Commands);

    private sealed class Handler : CommandHandlerActor
    {
        public Handler()
            : base(Commands)
        {
            Process(List.Name, (_, _) => Sender.Tell(Types(ShardsView.TypesOf(Context.System))));
            Process(RegionStats.Name, (_, arguments) => ShardsView.OfAsync(Context.System, arguments.Value(Type)!).PipeTo(
                Sender, Self, success: Table, failure: cause => new ErroredCommandResponse(cause.GetBaseException().Message)));
        }
    }

    private static CommandResponse Types(IReadOnlyList<string> types) => new(types.Count == 0 ? "There are no types of entities." : string.Join('\n', types));

    private static CommandResponse Table(ShardsView view) => view.Nodes.Any(node => node.Shards.Count > 0)
        ? ConsoleTable.Of(["NODE", "SHARD", "ENTITIES"], view.Nodes.SelectMany(node => node.Shards.Select(shard => Row(node, shard))))
        : new CommandResponse($"No entity of '{view.Type}' runs.");

    private static string[] Row(ShardNodeView node, ShardView shard) => [node.Node, shard.Shard, shard.Entities.ToString(CultureInfo.InvariantCulture)];
}
