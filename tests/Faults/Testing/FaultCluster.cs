using System.Globalization;
using System.Net;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using ActorInference.Host.Tests.Testing;
using Petabridge.Cmd.Wire;

namespace ActorInference.Faults.Tests.Testing;

/// <summary>
/// A gateway and three processes for each role, one of them the gateway's own children, for the tests of a class. The model is
/// a real one, small enough for a token to take no time, so that what is tested is everything around it.
/// </summary>
public sealed partial class FaultCluster : IAsyncLifetime
{
    private const string Model = "stories260K";
    private const int NodesPerRole = 2;   // One for each transport.

    /// <summary>A machine that is busy besides takes its time to begin a process and to let it into the cluster.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(150);

    private static readonly string[] Roles = ["prefill", "decode"];

    private readonly List<WorkerNode> _nodes = [];
    private RunningServer? _server;
    private string? _folder;

    /// <summary>Why it cannot run here; null if it can.</summary>
    public string? Missing { get; private set; }

    public HttpClient Client => Server.Client;

    private int Gateway => Server.ProcessId;

    /// <summary>How many generations lost a worker when their clients had no token, when they had one, and later; by what the gateway says.</summary>
    internal int[] Hits
    {
        get
        {
            var hits = new int[3];
            foreach (Match lost in LossLine().Matches(Server.Error)) hits[Math.Min(2, int.Parse(lost.Groups[1].Value, CultureInfo.InvariantCulture))]++;
            return hits;
        }
    }

    internal RunningServer Server => _server ?? throw new InvalidOperationException("The server has not started.");

    private Uri Management => new(ManagementLine().Match(Server.Output).Groups[1].Value);

    /// <summary>Continues prompts with tokens that are known: what an independent implementation says.</summary>
    internal IReadOnlyList<ReferenceCase> References { get; private set; } = [];

    public async Task InitializeAsync()
    {
        _folder = Repository.TestModel(Model);
        if (_folder is null) Missing = $"the model {Model} is not on this machine; ACTORINFERENCE_TEST_MODELS names the folder of models";
        else if (!RoleProcesses.CanBeSeen) Missing = "processes are not seen under /proc here";
        if (Missing is not null) return;
        References = ReferenceCase.Load(_folder!);
        // However often workers die, what is tested is that streams go on.
        _server = await RunningServer.StartAsync(
            ["--processes", "--management-port", "0", "--cmd-port", "0", "--set", "actor-inference.gateway.max-redispatches=1000", .. ModelArguments()]);
        var seed = await SeedAsync();
        foreach (var role in Roles)
        {
            _nodes.Add(new WorkerNode(() => StartNode(role, seed)));
            _nodes.Add(new WorkerNode(() => StartNode(role, seed, "--transport", "tcp")));   // It gets its pages so.
        }

        await AllServingAsync();
    }

    public async Task DisposeAsync()
    {
        foreach (var node in _nodes) await node.DisposeAsync();
        if (_server is not null) await _server.DisposeAsync();
    }

    /// <summary>The gateway's own process of a role.</summary>
    private void KillChild(string role)
    {
        if (RoleProcesses.Find(Gateway, role) is { } process) RoleProcesses.Kill(process);
    }

    /// <summary>One of the processes of the roles: two others for each, or the gateway's own. Whoever starts it again knows that it is dead and says so.</summary>
    internal async Task KillAsync(int victim)
    {
        if (victim >= _nodes.Count) KillChild(Roles[victim % Roles.Length]);
        else if (await _nodes[victim].KillAsync() is { } address) await RemoveDeadAsync(address);
    }

    /// <summary>Has one of the processes drain, and kills it when the router knows.</summary>
    internal Task DrainAndKillAsync(int node) => TellAndKillAsync(node, name => ["worker", "drain", "-w", name, "-g", "20"], worker => worker.IsDraining);

    /// <summary>Has one of the processes serve the other role, and kills it when the router knows.</summary>
    internal Task SwitchAndKillAsync(int node, string role) => TellAndKillAsync(node, name => ["role", "set", "-w", name, "-r", role], worker => worker.Role == role);

    private async Task TellAndKillAsync(int node, Func<string, string[]> command, Func<Worker, bool> isKnown)
    {
        await Deadline.UntilAsync(() => _nodes[node].Address is not null, "the process says where it is");
        var place = "@" + _nodes[node].Address;
        var name = (await UntilAsync(workers => workers.Any(worker => worker.Name.EndsWith(place, StringComparison.Ordinal)), $"the worker {place} reports")).Single(worker => worker.Name.EndsWith(place, StringComparison.Ordinal)).Name;
        using var leave = new CancellationTokenSource();
        var told = RunConsoleAsync(leave.Token, command(name));
        await UntilAsync(workers => workers.Any(worker => worker.Name == name && isKnown(worker)), $"{name} does as it is told");
        await KillAsync(node);
        await leave.CancelAsync();   // One that drains would have answered when it has nothing left.
        await told.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    /// <summary>Has the cluster remove a member that is dead.</summary>
    internal async Task RemoveDeadAsync(string address)
    {
        using var deadline = new CancellationTokenSource(Executable.Limit);
        // It says yes, or that it knows no such member: then it is gone already.
        await RunConsoleAsync(deadline.Token, "cluster", "down", "-a", $"akka.tcp://actor-inference@{address}");
    }

    private async Task RunConsoleAsync(CancellationToken stop, params string[] command)
    {
        var console = ConsoleLine().Match(Server.Output);
        await using var client = await ConsoleClient.ConnectAsync(console.Groups[1].Value, int.Parse(console.Groups[2].Value, CultureInfo.InvariantCulture), Executable.Limit, stop);
        await foreach (var _ in client.RunAsync(WireInvocation.Parse(client.Hello, command), stop))
        {
            // What it says is not looked at: what it does is.
        }
    }

    /// <summary>Another gateway of the same cluster.</summary>
    internal async Task<(ChildProcess Process, string Address, HttpClient Client)> StartGatewayAsync()
    {
        var process = Executable.Start(["node", "--role", "gateway", "--port", "0", "--cluster-port", "0", "--seed", await SeedAsync(), "--management-port", "none", "--cmd-port", "none", .. ModelArguments()]);
        try
        {
            await Deadline.UntilAsync(() => process.HasExited || AddressLine().IsMatch(process.Output), "the other gateway serves");
            Assert.False(process.HasExited, process.Error);
        }
        catch
        {
            await process.DisposeAsync();
            throw;
        }

        return (process, ClusterLine().Match(process.Output).Groups[1].Value, new HttpClient { BaseAddress = new Uri(AddressLine().Match(process.Output).Groups[1].Value), Timeout = Executable.Limit });
    }

    /// <returns>Null where the router is too busy to answer in the route's time.</returns>
    private async Task<IReadOnlyList<Worker>?> WorkersAsync()
    {
        try
        {
            using var response = await Client.GetAsync(new Uri(Management, "/roles/workers"));
            if (response.StatusCode == HttpStatusCode.ServiceUnavailable) return null;
            response.EnsureSuccessStatusCode();
            var answer = JsonNode.Parse(await response.Content.ReadAsStringAsync())!;
            return [.. answer["workers"]!.AsArray().Select(worker => Worker.Read(worker!))];
        }
        catch (HttpRequestException cause)
        {
            throw new InvalidOperationException($"The gateway does not answer.\n{Server.Output}\n{Server.Error}", cause);
        }
    }

    /// <summary>Waits until there are so many workers of each role.</summary>
    internal Task AllServingAsync(int perRole = NodesPerRole + 1) => UntilAsync(
        workers => Roles.All(role => workers.Count(worker => worker.Role == role) >= perRole), $"{perRole} workers of each role report");

    /// <summary>Waits until no worker has a job or holds a page, but for its cache.</summary>
    internal Task AllAtRestAsync() => UntilAsync(workers => workers.All(worker => worker.IsAtRest), "every page is back");

    private async Task<IReadOnlyList<Worker>> UntilAsync(Func<IReadOnlyList<Worker>, bool> condition, string what)
    {
        IReadOnlyList<Worker>? workers;
        using var deadline = new CancellationTokenSource(Patience);
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while ((workers = await WorkersAsync()) is null || !condition(workers))
        {
            try
            {
                await timer.WaitForNextTickAsync(deadline.Token);
            }
            catch (OperationCanceledException)
            {
                Assert.Fail($"Not within {Patience.TotalSeconds} s: {what}.\n{string.Join('\n', workers ?? [])}\n{Server.Error}\n{string.Join('\n', _nodes.Select(node => node.Error))}");
            }
        }

        return workers;
    }

    private async Task<string> SeedAsync()
    {
        var members = JsonNode.Parse(await Client.GetStringAsync(new Uri(Management, "/cluster/members")))!;
        return ((string)members["self"]!).Split('@')[1];
    }

    private ChildProcess StartNode(string role, string seed, params string[] more) =>
        Executable.Start(["node", "--role", role, "--cluster-port", "0", "--seed", seed, "--management-port", "none", "--cmd-port", "none", "--log-level", "Warning", .. ModelArguments(), .. more]);

    /// <summary>Workers report often, so that what a test waits for is what happens and not the next report of it.</summary>
    private string[] ModelArguments() =>
    [
        "--model", _folder!, "--threads", "1", "--kv-pages", "512",
        "--set", "actor-inference.prefill.report-interval=100ms", "--set", "actor-inference.decode.report-interval=100ms",
    ];

    [GeneratedRegex(@"goes to other workers after (\d+) tokens")]
    private static partial Regex LossLine();

    [GeneratedRegex(@"Management: curl (http://\S+)/ready\n")]
    private static partial Regex ManagementLine();

    [GeneratedRegex(@"Console: actorinference cmd (\S+):(\d+)\n")]
    private static partial Regex ConsoleLine();

    [GeneratedRegex(@"Cluster: (\S+:\d+)\n")]
    private static partial Regex ClusterLine();

    [GeneratedRegex(@"on (http://\S+)\n")]
    private static partial Regex AddressLine();
}
