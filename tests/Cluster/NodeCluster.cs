namespace ActorInference.Cluster.Tests;

/// <summary>Where the nodes of a cluster keep their journal.</summary>
public sealed record Journal(string Provider, string ConnectionString);

/// <summary>The processes of one test, all of one cluster and one journal.</summary>
public sealed class NodeCluster(Journal journal, string hocon = "") : IAsyncDisposable
{
    private readonly List<NodeProcess> _started = [];
    private int _count;

    /// <summary>Those that run.</summary>
    public IReadOnlyList<NodeProcess> Living
    {
        get
        {
            lock (_started) return [.. _started.Where(node => node.IsRunning)];
        }
    }

    /// <summary>So many nodes on loopback, up in the eyes of all.</summary>
    public async Task<NodeProcess[]> FormAsync(int count)
    {
        var nodes = await Task.WhenAll(Enumerable.Range(0, count).Select(_ => StartAsync("127.0.0.1", [])));
        await JoinAllAsync(nodes);
        return nodes;
    }

    /// <summary>Lets them in one after another, and waits until each of them gets its part of the shards.</summary>
    public async Task JoinAllAsync(IReadOnlyList<NodeProcess> nodes)
    {
        foreach (var node in nodes) await node.AskAsync($"join {nodes[0].Address}");
        await UntilAllUpAsync(nodes);
        await Until.HoldsAsync($"shards are placed on {nodes.Count} nodes", () => nodes[0].HasAnsweredAsync("regions", $"{nodes.Count}"));
    }

    /// <summary>A node that is not a member yet.</summary>
    public async Task<NodeProcess> StartAsync(string host, IReadOnlyList<string> prefix, string more = "")
    {
        var node = await NodeProcess.StartAsync(
            $"node {Interlocked.Increment(ref _count)}", prefix, host, journal.Provider, journal.ConnectionString, $"{hocon}\n{more}");
        lock (_started) _started.Add(node);
        return node;
    }

    /// <summary>Starts one more and lets it in.</summary>
    public async Task<NodeProcess> AddAsync(NodeProcess member)
    {
        var node = await StartAsync("127.0.0.1", []);
        await node.AskAsync($"join {member.Address}");
        return node;
    }

    /// <summary>Done when each of them sees just them, all up and reachable.</summary>
    public static Task UntilAllUpAsync(IReadOnlyList<NodeProcess> nodes)
    {
        var expected = nodes.Select(node => node.Address).Order().ToArray();
        return Until.HoldsAsync($"all of {string.Join(", ", expected)} are up: {string.Join('\n', nodes)}", async () =>
        {
            foreach (var node in nodes)
            {
                var members = await node.MembersAsync();
                if (!members.All(member => member is { Status: "Up", IsReachable: true })) return false;
                if (!members.Select(member => member.Address).Order().SequenceEqual(expected)) return false;
            }

            return true;
        });
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var node in _started) node.Kill();
        foreach (var node in _started) await node.DisposeAsync();
    }
}
