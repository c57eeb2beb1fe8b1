namespace ActorInference.Actors.Kv;

/// <summary>
/// Told of the pages that one prefix cache takes in or gives up, on the thread that uses the cache. A page has gone when no prompt finds it any more, though somebody may use
/// it still. What is told is valid during the call.
/// </summary>
public interface IPrefixWatcher
{
    /// <summary>Name of the empty beginning in a namespace (<see cref="PrefixName"/>).</summary>
    ulong Begin(KvNamespaceId space);

    void Added(in PrefixRun run);

    /// <summary>Pages of one prompt have gone, each after the one before it.</summary>
    /// <param name="position">Tokens before the first one.</param>
    /// <param name="places">Theirs, as <see cref="PrefixRun.Places"/>.</param>
    void Removed(int position, int pageSizeTokens, ReadOnlySpan<int> places);
}
