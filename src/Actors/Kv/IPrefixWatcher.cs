namespace ActorInference.Actors.Kv;

/// <summary>Told of the pages that a prefix cache takes in or gives up, on the thread that uses the cache. What it is told is valid during the call.</summary>
public interface IPrefixWatcher
{
    /// <summary>Name of the empty beginning in a namespace (<see cref="PrefixName"/>).</summary>
    ulong Begin(KvNamespaceId space);

    /// <summary>Whether it wants the tokens of pages that go, too: they have to be gathered.</summary>
    bool NeedsRemovedTokens(int pageSizeTokens);

    void Added(in PrefixRun run);

    void Removed(in PrefixRun run);
}
