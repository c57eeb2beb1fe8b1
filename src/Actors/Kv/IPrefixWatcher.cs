namespace ActorInference.Actors.Kv;

/// <summary>Told of each page that a prefix cache takes in or gives up, on the thread that uses the cache.</summary>
public interface IPrefixWatcher
{
    /// <summary>Name of the empty beginning in a namespace (<see cref="PrefixName"/>).</summary>
    ulong Begin(KvNamespaceId space);

    /// <param name="before">Name of what comes before the page.</param>
    /// <param name="position">Tokens before the page.</param>
    /// <param name="tokens">The page's; valid during the call.</param>
    void Added(ulong before, int position, ReadOnlySpan<int> tokens);

    /// <inheritdoc cref="Added"/>
    void Removed(ulong before, int position, ReadOnlySpan<int> tokens);
}
