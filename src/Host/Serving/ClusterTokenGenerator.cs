using ActorInference.Roles.Gateway;
using ActorInference.Roles.Router;
using Akka.Hosting;

namespace ActorInference.Host.Serving;

/// <summary>Tokens from the actors of this process and whoever they work with.</summary>
public sealed class ClusterTokenGenerator(IReadOnlyActorRegistry actors) : ITokenGenerator
{
    private readonly Lazy<GenerationClient> _client = new(() => new GenerationClient(actors.Get<GatewayActor>(), actors.Get<RouterActor>()));

    /// <summary>Waits until there is a worker of each role.</summary>
    /// <exception cref="Akka.Actor.AskTimeoutException">There was none within <paramref name="deadline"/>.</exception>
    public Task WaitUntilServingAsync(TimeSpan deadline, CancellationToken cancellationToken) =>
        _client.Value.WaitUntilServingAsync(deadline, cancellationToken);

    public IAsyncEnumerable<GenerationUpdate> GenerateAsync(GenerationRequest request, CancellationToken cancellationToken) =>
        _client.Value.GenerateAsync(request, cancellationToken);

    public Task<int> FlushCacheAsync(CancellationToken cancellationToken) => _client.Value.FlushCacheAsync(cancellationToken);
}
