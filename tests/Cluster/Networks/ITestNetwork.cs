namespace ActorInference.Cluster.Tests.Networks;

/// <summary>What connects the nodes of a test, and can fall apart.</summary>
public interface ITestNetwork : IAsyncDisposable
{
    /// <summary>A node in this network that is not a member yet.</summary>
    Task<NodeProcess> StartAsync(NodeCluster cluster);

    /// <summary>From now on nothing passes between the sides.</summary>
    Task PartAsync(IReadOnlyList<NodeProcess> side, IReadOnlyList<NodeProcess> other);
}

/// <summary>Picks a network.</summary>
public static class TestNetworks
{
    /// <summary>One that drops packets, where this system lets us; else proxies that cut connections.</summary>
    public static async Task<ITestNetwork> OpenAsync()
    {
        if (Environment.GetEnvironmentVariable("ACTORINFERENCE_TEST_NETWORK") != "proxy" && await NamespaceNetwork.TryOpenAsync() is { } network) return network;
        return new ProxyNetwork();
    }
}
