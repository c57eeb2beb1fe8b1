using System.CommandLine;
using System.CommandLine.Parsing;
using ActorInference.Host.Cli;
using ActorInference.Host.Composition;
using ActorInference.Roles.Composition;

namespace ActorInference.Host.Commands;

/// <summary><c>actorinference node</c>: one process of a cluster.</summary>
public static class NodeCommand
{
    private const int DefaultPort = 8000;
    private const int DefaultClusterPort = 4053;

    public static Command Create()
    {
        var options = new Options();
        var command = new Command("node", "Run one process of a cluster, with some of its roles.");
        foreach (var option in options.All) command.Add(option);
        command.Validators.Add(options.Validate);
        command.SetAction((parsed, _) => Node.RunAsync(options.Read(parsed)));
        return command;
    }

    private sealed class Options
    {
        private readonly ProcessFlags _process = new("Folder with the SQLite journal of the processes of this machine, unless --config names a database. Default: none, entities are kept in memory.");
        private readonly Option<string> _roles = new("--role") { Description = $"What it does: {NodeRoles.Names}, or several with commas.", Required = true };
        private readonly Option<string?> _clusterHost = new("--cluster-host") { Description = "Address or name by which the other processes reach this one; with a name it listens on all addresses. Default: 127.0.0.1." };
        private readonly Option<int?> _clusterPort = NumberOption.Integer("--cluster-port", $"Port for the other processes; 0 takes a free one. Default: {DefaultClusterPort}.", 0, 65535);
        private readonly Option<string[]> _seeds = new("--seed") { Description = "Process to join, host:port, or several with commas; may be repeated. Default: begins a cluster. The first may be this one: it begins a cluster if no other answers." };
        private readonly Option<string?> _host = new("--host") { Description = "Address of a gateway's HTTP. Default: 127.0.0.1." };
        private readonly Option<int?> _port = NumberOption.Integer("--port", $"Port of a gateway's HTTP; 0 takes a free one. Default: {DefaultPort}.", 0, 65535);
        private readonly Option<int?> _readyPort = NumberOption.Integer("--ready-port", "Port that is listened on as long as this process takes work, for probes by TCP. Default: none.", 1, 65535);
        private readonly Option<int?> _cpu = NumberOption.Integer("--cpu", "Processor that the process keeps to, counted from 0; Linux only. Default: all.", 0, ProcessorAffinity.MaxProcessors - 1);
        private readonly Option<string?> _stepLogs = new("--step-log") { Description = "Folder for a file of each worker's steps, 32 bytes a step, as benchmarks read them. Default: none." };
        private readonly Option<bool> _endsWithInput = new("--end-with-input") { Description = "End when standard input does, as with the process that started this one." };

        public IEnumerable<Option> All => [_roles, .. _process.All, _clusterHost, _clusterPort, _seeds, _host, _port, _readyPort, _cpu, _stepLogs, _endsWithInput];

        public void Validate(CommandResult result)
        {
            _process.Validate(result);
            if (result.GetResult(_roles) is { } roles && NodeRoles.TryParse(roles.GetValueOrDefault<string>()) is null)
                result.AddError($"--role is '{result.GetValue(_roles)}'; expected {NodeRoles.Names}, or several with commas.");
            if (ModelFlags.ParseAddress(result.GetValue(_host)) is null) result.AddError(ModelFlags.NoAddress("--host", result.GetValue(_host)));
            if (ClusterHost.TryParse(result.GetValue(_clusterHost)) is null)
                result.AddError($"--cluster-host is '{result.GetValue(_clusterHost)}'; expected an address of this machine that others can reach, or a name of it.");
            if (result.GetValue(_stepLogs) is { } folder && !Directory.Exists(folder)) result.AddError($"--step-log is '{folder}'; expected an existing folder.");
            foreach (var seed in Split(result.GetValue(_seeds)))
            {
                if (!ClusterNode.IsSeed(seed)) result.AddError($"--seed is '{seed}'; expected host:port, such as 127.0.0.1:{DefaultClusterPort}.");
            }
        }

        public NodeOptions Read(ParseResult parsed)
        {
            var cluster = ReadCluster(parsed);
            return new NodeOptions(_process.Read(parsed, cluster.Roles, LogLevel.Information), cluster)
            {
                Host = ModelFlags.ParseAddress(parsed.GetValue(_host))!,
                Port = parsed.GetValue(_port) ?? DefaultPort,
                Cpu = parsed.GetValue(_cpu),
                StepLogs = parsed.GetValue(_stepLogs),
                ReadyPort = parsed.GetValue(_readyPort),
                EndsWithInput = parsed.GetValue(_endsWithInput),
            };
        }

        private ClusterNode ReadCluster(ParseResult parsed) => new(
            ClusterHost.TryParse(parsed.GetValue(_clusterHost))!,
            parsed.GetValue(_clusterPort) ?? DefaultClusterPort,
            NodeRoles.TryParse(parsed.GetRequiredValue(_roles))!,
            [.. Split(parsed.GetValue(_seeds))]);

        private static IEnumerable<string> Split(string[]? seeds) => (seeds ?? []).SelectMany(seed => seed.Split(',', StringSplitOptions.TrimEntries));
    }
}
