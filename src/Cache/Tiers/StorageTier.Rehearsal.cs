using ActorInference.Actors.Kv;

namespace ActorInference.Cache.Tiers;

/// <summary>What a new process does before its first request.</summary>
public sealed partial class StorageTier
{
    /// <summary>
    /// Asks for pages that nobody has, and then writes, finds and brings back some, the way that real prompts' go: connections are made and
    /// code is compiled for which a request would have to wait. The pages are of tokens drawn for this call; as nobody uses them again,
    /// they are the first to make room. What it took does not count in what bringing pages is thought to take.
    /// </summary>
    /// <param name="space">Of the pages; one without prompts.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>How many pages have come back; 0 where no storage is attached, or it fails or has no room.</returns>
    /// <exception cref="OperationCanceledException">It was ended.</exception>
    public async Task<int> RehearseAsync(KvNamespaceId space, CancellationToken cancellationToken)
    {
        if (_storage is not { } storage || _stop.IsCancellationRequested) return 0;
        var pageSize = _host.Layout.PageSizeTokens;
        var count = (_options.MinTokens + pageSize - 1) / pageSize;
        if (Begin(space, Draw(count * pageSize + 1), cachedTokens: 0, secondsPerToken: 1) is { } question) await question.WaitAsync(cancellationToken).ConfigureAwait(false);

        var keys = new KvPageKey[count];
        KvPageKey.Chain(space, Draw(count * pageSize), pageSize, keys);
        var run = new PageRun(space, 0, default, [.. keys]);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token, cancellationToken);
        var roundTrip = SendAndBringAsync(storage, run, limit.Token);
        await Follow(new Fetch(Task.CompletedTask, roundTrip), run).Landing.ConfigureAwait(false);
        cancellationToken.ThrowIfCancellationRequested();
        return await roundTrip.ConfigureAwait(false);
    }

    /// <summary>Never fails, as whoever ends the tier waits for it.</summary>
    private async Task<int> SendAndBringAsync(IPageStorage storage, PageRun run, CancellationToken cancellationToken)
    {
        try
        {
            if (await PutEmptyAsync(storage, run, cancellationToken).ConfigureAwait(false) < run.Count) return 0;
            var found = await FindAsync(storage, run, cancellationToken).ConfigureAwait(false);
            return found.Count == 0 ? 0 : await FetchAllAsync(found, run, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception failure) when (failure is not OutOfMemoryException)
        {
            return 0;   // As requests take it: what a storage fails at, it does not have.
        }
    }

    /// <returns>How many are stored.</returns>
    private async Task<int> PutEmptyAsync(IPageStorage storage, PageRun run, CancellationToken cancellationToken)
    {
        var pages = new int[run.Count];
        var reserved = _host.Reserve(pages);
        try
        {
            if (reserved < run.Count) return 0;
            // What they had before is another's.
            foreach (var page in pages) _host.Memory.Bytes(page).Span.Clear();
            var checksums = Array.ConvertAll(pages, page => PageChecksum.Compute(_host.Memory.Bytes(page).Span));
            return await storage.PutAsync(run, _host.Memory, pages, checksums, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _host.Abandon(pages.AsSpan(0, reserved));
        }
    }

    private static int[] Draw(int tokens)
    {
        var drawn = new int[tokens];
        for (var i = 0; i < tokens; i++) drawn[i] = Random.Shared.Next();
        return drawn;
    }
}
