using ActorInference.Roles.Gateway;

namespace ActorInference.Host.Serving;

/// <summary>Where tokens come from: the cluster behind the gateway, or a script in a test.</summary>
public interface ITokenGenerator
{
    /// <summary>Runs one generation.</summary>
    /// <param name="request">Validated: ids within the vocabulary, prompt and new tokens within the context.</param>
    /// <param name="cancellationToken">Cancels the generation wherever it is; so does disposing the enumerator.</param>
    /// <returns>Updates in the order that <see cref="GenerationUpdate"/> promises.</returns>
    IAsyncEnumerable<GenerationUpdate> GenerateAsync(GenerationRequest request, CancellationToken cancellationToken);

    /// <summary>Has every worker forget what it has cached.</summary>
    /// <returns>How many did.</returns>
    Task<int> FlushCacheAsync(CancellationToken cancellationToken);
}
