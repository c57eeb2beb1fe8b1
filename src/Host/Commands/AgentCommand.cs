using System.Collections.Immutable;
using System.CommandLine;
using System.CommandLine.Parsing;
using System.Net;
using ActorInference.Host.Cli;
using ActorInference.Host.Composition;
using StartingShare = ActorInference.Roles.Agents.StartingShare;

namespace ActorInference.Host.Commands;

/// <summary>What <c>actorinference agent</c> was asked to do, checked.</summary>
/// <param name="Node">Name of the host.</param>
/// <param name="Address">Where it and its instances are reached.</param>
/// <param name="ClusterPort">Of the agents' cluster.</param>
/// <param name="Seeds">Agents to join; none begins a cluster, whose groups live here.</param>
/// <param name="Data">Folder of everything that outlives the agent.</param>
/// <param name="StartNice">Of instances that are not ready yet; 0 for none.</param>
public sealed record AgentCommandOptions(
    string Node, IPAddress Address, int ClusterPort, ImmutableArray<string> Seeds, string Data, PortRequest ManagementPort, PortRequest CmdPort,
    ImmutableSortedDictionary<string, string> Labels, int StartNice, LogLevel LogLevel)
{
    /// <summary>Settings above the defaults.</summary>
    public required NodeConfig Config { get; init; }
}

/// <summary><c>actorinference agent</c>: runs the instances of this host, and, unless it joins another, the groups.</summary>
public static class AgentCommand
{
    /// <summary>Where `apply` and the others look for it.</summary>
    public const int DefaultManagementPort = 8559;

    private const int DefaultClusterPort = 4054;
    private const int DefaultCmdPort = 9111;

    public static Command Create()
    {
        var node = new Option<string?>("--node-name") { Description = "Name of this host. Default: the machine's." };
        var address = new Option<string?>("--address") { Description = "Address of this host for other agents and for instances. Default: 127.0.0.1." };
        var clusterPort = NumberOption.Integer("--cluster-port", $"Port for other agents; 0 takes a free one. Default: {DefaultClusterPort}.", 0, 65535);
        var seeds = new Option<string[]>("--seed") { Description = "Agent to join, host:port; may be repeated. Default: begins a cluster, with the groups here." };
        var data = new Option<string?>("--data") { Description = "Folder of images, instances and the journal. Default: agent in the user's data folder." };
        var management = PortOption.Create("--management-port", "Port of the routes that 'apply' and the others use", DefaultManagementPort);
        var cmd = PortOption.Create("--cmd-port", "Port for 'actorinference cmd', on 127.0.0.1", DefaultCmdPort);
        var labels = new Option<string[]>("--label") { Description = "Label of this host, name=value, for placement; may be repeated." };
        var config = new Option<string?>("--config") { Description = "HOCON file with settings that go above the defaults." };
        var given = new Option<string[]>("--set") { Description = "Setting above those of --config, such as actor-inference.groups.host-lost-after=2m; may be repeated." };
        var nice = NumberOption.Integer("--start-nice", $"Nice value of instances until they are ready, so that those that serve keep their pace; 0 for none. Default: {StartingShare.DefaultNice}.", 0, StartingShare.MaxNice);
        var logLevel = new Option<LogLevel?>("--log-level") { Description = "Least level that is logged, to stderr. Default: Information." };
        var command = new Command("agent", "Run the role instances of this host.") { node, address, clusterPort, seeds, data, management, cmd, labels, config, given, nice, logLevel };
        command.Validators.Add(result => Validate(result, address, seeds, labels, given));
        command.SetAction((parsed, _) => Agent.RunAsync(new AgentCommandOptions(
            parsed.GetValue(node) ?? Environment.MachineName.ToLowerInvariant(),
            ModelFlags.ParseAddress(parsed.GetValue(address))!,
            parsed.GetValue(clusterPort) ?? DefaultClusterPort,
            [.. parsed.GetValue(seeds) ?? []],
            AgentData(parsed.GetValue(data)),
            parsed.GetValue(management) ?? new PortRequest(DefaultManagementPort, IsGiven: true),
            parsed.GetValue(cmd) ?? new PortRequest(DefaultCmdPort, IsGiven: false),
            (parsed.GetValue(labels) ?? []).Select(label => label.Split('=', 2)).ToImmutableSortedDictionary(pair => pair[0], pair => pair[1], StringComparer.Ordinal),
            parsed.GetValue(nice) ?? StartingShare.DefaultNice,
            parsed.GetValue(logLevel) ?? LogLevel.Information)
        {
            Config = NodeConfig.Read(parsed.GetValue(config), [], parsed.GetValue(given)),
        }));
        return command;
    }

    /// <summary>Folder of this machine's agent.</summary>
    /// <param name="given">By the user; null for the default.</param>
    public static string AgentData(string? given) => Path.GetFullPath(given ?? Path.Combine(DataFolder.Default, "agent"));

    private static void Validate(CommandResult result, Option<string?> address, Option<string[]> seeds, Option<string[]> labels, Option<string[]> settings)
    {
        if (ModelFlags.ParseAddress(result.GetValue(address)) is null) result.AddError(ModelFlags.NoAddress("--address", result.GetValue(address)));
        foreach (var seed in result.GetValue(seeds) ?? [])
        {
            if (!ClusterNode.IsSeed(seed)) result.AddError($"--seed is '{seed}'; expected host:port, such as 127.0.0.1:{DefaultClusterPort}.");
        }

        foreach (var setting in result.GetValue(settings) ?? [])
        {
            if (!NodeConfig.IsSetting(setting)) result.AddError($"--set is '{setting}'; expected name=value, such as actor-inference.groups.host-lost-after=2m.");
        }

        foreach (var label in result.GetValue(labels) ?? [])
        {
            if (!label.Contains('=')) result.AddError($"--label is '{label}'; expected name=value.");
        }
    }
}
