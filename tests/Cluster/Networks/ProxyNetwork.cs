using ActorInference.ClusterNodes.Tests;

namespace ActorInference.Cluster.Tests.Networks;

/// <summary>A proxy before each node, which cuts connections between the sides.</summary>
public sealed class ProxyNetwork : ITestNetwork
{
    private readonly CuttingNetwork _proxies = new();

    public Task<NodeProcess> StartAsync(NodeCluster cluster) => cluster.StartAsync("127.0.0.1", [], _proxies.AddNode());

    public Task PartAsync(IReadOnlyList<NodeProcess> side, IReadOnlyList<NodeProcess> other)
    {
        _proxies.Part(side.Select(Host), other.Select(Host));
        return Task.CompletedTask;
    }

    public ValueTask DisposeAsync() => _proxies.DisposeAsync();

    private static string Host(NodeProcess node) => node.Address[(node.Address.IndexOf('@') + 1)..node.Address.LastIndexOf(':')];
}
