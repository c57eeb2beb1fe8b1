using ActorInference.ClusterNodes.Tests;

namespace ActorInference.Remoting.Tests;

/// <summary>Two systems that know each other only by the addresses of proxies.</summary>
public sealed class ProxiedPair : IAsyncDisposable
{
    private readonly CuttingProxy _toHere = new();
    private readonly CuttingProxy _toThere = new();

    public ProxiedPair(string hocon)
    {
        Here = Start("here", hocon, _toHere);
        There = Start("there", hocon, _toThere);
    }

    public RemoteSystem Here { get; }

    public RemoteSystem There { get; }

    public void Cut()
    {
        _toHere.Cut();
        _toThere.Cut();
    }

    public void Break()
    {
        _toHere.Break();
        _toThere.Break();
    }

    public async ValueTask DisposeAsync()
    {
        await Here.DisposeAsync();
        await There.DisposeAsync();
        await _toHere.DisposeAsync();
        await _toThere.DisposeAsync();
    }

    private static RemoteSystem Start(string name, string hocon, CuttingProxy proxy)
    {
        var publicName = $"{hocon}\nakka.remote.dot-netty.tcp {{ public-hostname = \"127.0.0.1\", public-port = {proxy.Port} }}";
        proxy.TargetPort = FreePort.Next();
        return RemoteSystem.Start(name, publicName, proxy.TargetPort);
    }
}
