using System.Runtime.CompilerServices;
using System.Threading.Channels;
using ActorInference.Actors.Protocols;
using Akka.Actor;

namespace ActorInference.Roles.Gateway;

/// <summary>The cluster as the edge sees it. Thread-safe.</summary>
/// <param name="gateway">The gateway of this process.</param>
/// <param name="router">Its router.</param>
public sealed class GenerationClient(IActorRef gateway, IActorRef router)
{
    /// <summary>For the gateway to take a request: it only makes an actor.</summary>
    private static readonly TimeSpan AcceptDeadline = TimeSpan.FromSeconds(10);

    /// <summary>For a worker to end its step and forget.</summary>
    private static readonly TimeSpan FlushDeadline = TimeSpan.FromSeconds(30);

    /// <summary>Runs one generation.</summary>
    /// <returns>Updates in the order that <see cref="GenerationUpdate"/> promises.</returns>
    /// <exception cref="OperationCanceledException">Cancelled; the generation ends wherever it is.</exception>
    /// <remarks>Ending the enumeration early cancels the generation too.</remarks>
    public async IAsyncEnumerable<GenerationUpdate> GenerateAsync(
        GenerationRequest request, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var channel = Channel.CreateUnbounded<GenerationUpdate>(new UnboundedChannelOptions { SingleReader = true });
        var ended = false;
        try
        {
            if (await RefusalAsync(request, channel.Writer, cancellationToken).ConfigureAwait(false) is { } refusal)
            {
                ended = true;
                yield return refusal;
                yield break;
            }

            await foreach (var update in channel.Reader.ReadAllAsync(cancellationToken).ConfigureAwait(false))
            {
                ended = update is GenerationFinished or GenerationFailed;
                yield return update;
            }
        }
        finally
        {
            if (!ended) gateway.Tell(new GatewayProtocol.Cancel(request.Id), ActorRefs.NoSender);
        }
    }

    /// <summary>Waits until there is a worker of each role.</summary>
    /// <exception cref="AskTimeoutException">There was none within <paramref name="deadline"/>.</exception>
    public Task WaitUntilServingAsync(TimeSpan deadline, CancellationToken cancellationToken) =>
        router.Ask<RouterProtocol.Serving>(RouterProtocol.AwaitServing.Instance, deadline, cancellationToken);

    /// <summary>Has every worker that the router knows forget what it has cached.</summary>
    /// <returns>How many did.</returns>
    /// <exception cref="AskTimeoutException">A worker did not answer in time.</exception>
    public async Task<int> FlushCacheAsync(CancellationToken cancellationToken)
    {
        var workers = await router.Ask<RouterProtocol.Workers>(RouterProtocol.GetWorkers.Instance, AcceptDeadline, cancellationToken).ConfigureAwait(false);
        await Task.WhenAll(workers.Reports.Select(report =>
            report.Actor.Ask<WorkerProtocol.CacheFlushed>(WorkerProtocol.FlushCache.Instance, FlushDeadline, cancellationToken))).ConfigureAwait(false);
        return workers.Reports.Length;
    }

    private async Task<GenerationFailed?> RefusalAsync(
        GenerationRequest request, ChannelWriter<GenerationUpdate> updates, CancellationToken cancellationToken)
    {
        try
        {
            var answer = await gateway
                .Ask<object>(new GatewayProtocol.Generate(request, updates), AcceptDeadline, cancellationToken)
                .ConfigureAwait(false);
            return answer is GatewayProtocol.Accepted
                ? null
                : new GenerationFailed(GenerationError.InvalidRequest, $"There is a generation {request.Id} already; expected an id of its own.");
        }
        catch (AskTimeoutException)
        {
            return new GenerationFailed(GenerationError.Unavailable, $"The gateway did not answer within {AcceptDeadline.TotalSeconds:0} s.");
        }
    }
}
