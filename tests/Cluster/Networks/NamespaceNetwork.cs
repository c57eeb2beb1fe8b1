using System.ComponentModel;
using System.Diagnostics.CodeAnalysis;

namespace ActorInference.Cluster.Tests.Networks;

/// <summary>
/// A network namespace for each node, cabled to a switch in one more. The switch has two halves: what is moved to the other one gets
/// no packet from this one any more, and no word that the connection is gone. Needs the right to make namespaces.
/// </summary>
public sealed class NamespaceNetwork : ITestNetwork
{
    private static int _networks;

    private readonly string _prefix = $"ai{Environment.ProcessId}-{Interlocked.Increment(ref _networks)}-";
    private readonly List<string> _namespaces = [];
    private readonly Dictionary<NodeProcess, int> _ports = [];
    private int _nodes;

    private string Switch => _prefix + "switch";

    /// <summary>Null if this system does not let us.</summary>
    public static async Task<NamespaceNetwork?> TryOpenAsync()
    {
        var network = new NamespaceNetwork();
        try
        {
            await network.AddSwitchAsync();
            return network;
        }
        catch (Exception e) when (e is InvalidOperationException or Win32Exception)
        {
            await network.DisposeAsync();
            return null;
        }
    }

    public async Task<NodeProcess> StartAsync(NodeCluster cluster)
    {
        var number = ++_nodes;
        var name = $"{_prefix}{number}";
        await AddNamespaceAsync(name);
        await IpAsync("-n", Switch, "link", "add", $"port{number}", "type", "veth", "peer", "name", "eth0", "netns", name);
        await IpAsync("-n", Switch, "link", "set", $"port{number}", "master", "half0", "up");
        await IpAsync("-n", name, "addr", "add", $"10.99.0.{number}/24", "dev", "eth0");
        await IpAsync("-n", name, "link", "set", "eth0", "up");
        await IpAsync("-n", name, "link", "set", "lo", "up");
        var node = await cluster.StartAsync($"10.99.0.{number}", ["ip", "netns", "exec", name]);
        _ports[node] = number;
        return node;
    }

    public async Task PartAsync(IReadOnlyList<NodeProcess> side, IReadOnlyList<NodeProcess> other)
    {
        foreach (var node in other) await IpAsync("-n", Switch, "link", "set", $"port{_ports[node]}", "master", "half1");
    }

    [SuppressMessage("Design", "CA1031", Justification = "The first failure counts; the other namespaces must go nevertheless.")]
    public async ValueTask DisposeAsync()
    {
        var failures = new List<Exception>();
        foreach (var name in _namespaces)
        {
            try
            {
                await IpAsync("netns", "delete", name);
            }
            catch (Exception e)
            {
                failures.Add(e);
            }
        }

        if (failures.Count > 0) throw new AggregateException($"Network namespaces {_prefix}* are left.", failures);
    }

    private async Task AddSwitchAsync()
    {
        await AddNamespaceAsync(Switch);
        foreach (var half in new[] { "half0", "half1" })
        {
            await IpAsync("-n", Switch, "link", "add", half, "type", "bridge");
            await IpAsync("-n", Switch, "link", "set", half, "up");
        }
    }

    private async Task AddNamespaceAsync(string name)
    {
        await IpAsync("netns", "add", name);
        _namespaces.Add(name);
    }

    private static Task IpAsync(params string[] arguments) => Shell.RunAsync("ip", arguments);
}
