namespace ActorInference.Cache.Tiers;

/// <summary>The way to the storage: what is written behind, and written again.</summary>
public sealed partial class StorageTier
{
    /// <summary>What came of a write.</summary>
    /// <param name="Stored">How many of the first pages are stored.</param>
    /// <param name="Found">How many of these were there when it was asked.</param>
    /// <param name="IsRotten">Whether the page after them is wrong here, and that is why.</param>
    private readonly record struct Written(int Stored, int Found, bool IsRotten);

    private void Write(StorageWrite write)
    {
        if (_storage is null || (write.IsAgain && !_again.MayEnter))
        {
            _host.EndWriting(write.Pages, stored: 0);
            return;
        }

        // One run may wait however long it is; several only while they leave most of the pool to others, and what is new most of that.
        var waiting = Interlocked.Add(ref _writingPages, write.Pages.Length);
        var most = write.IsAgain ? _mostWriting / 2 : _mostWriting;
        if ((waiting <= most || waiting == write.Pages.Length) && _writes.Writer.TryWrite(write)) return;
        End(write, default);
    }

    private async Task WriteAllAsync()
    {
        await foreach (var write in _writes.Reader.ReadAllAsync().ConfigureAwait(false))
        {
            var written = default(Written);
            try
            {
                if (_storage is { } storage && !_stop.IsCancellationRequested) written = await WriteAsync(storage, write).ConfigureAwait(false);
            }
            finally
            {
                End(write, written);
            }
        }
    }

    private void End(StorageWrite write, Written written)
    {
        _host.EndWriting(write.Pages, written.Stored, written.IsRotten);
        Interlocked.Add(ref _written, written.Stored - written.Found);
        Interlocked.Add(ref _dropped, write.Pages.Length - written.Stored);
        // Last: whoever waits until all is written counts at once, and may free the pages.
        Interlocked.Add(ref _writingPages, -write.Pages.Length);
    }

    /// <returns>Nothing stored where the storage fails.</returns>
    private async Task<Written> WriteAsync(IPageStorage storage, StorageWrite write)
    {
        if (write.IsAgain && !_again.TryEnter()) return default;
        var written = default(Written);
        try
        {
            written = await TryPutAsync(storage, write).ConfigureAwait(false);
            return written;
        }
        finally
        {
            // A storage without room is well, and yet it is in vain to bring it all that is used again and again.
            if (write.IsAgain) _again.Report(written.Stored > 0 || written.IsRotten);
        }
    }

    private async Task<Written> TryPutAsync(IPageStorage storage, StorageWrite write)
    {
        if (!_breaker.TryEnter()) return default;
        var isWell = false;
        try
        {
            var written = await PutAsync(storage, write).ConfigureAwait(false);
            isWell = true;
            return written;
        }
        catch (Exception failure) when (failure is not OutOfMemoryException)
        {
            return default;   // Whatever a storage does, its pages are tried again when they are used.
        }
        finally
        {
            _breaker.Report(isWell);
        }
    }

    private async Task<Written> PutAsync(IPageStorage storage, StorageWrite write)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
        limit.CancelAfter(_options.WriteDeadline);
        var run = write.Run;
        var found = write.MayBeThere ? await storage.FindLeadingAsync(run, limit.Token).ConfigureAwait(false) : 0;
        var stored = found;
        while (stored < run.Count)
        {
            var count = Math.Min(_options.BatchPages, run.Count - stored);
            limit.CancelAfter(_options.WriteDeadline);
            var put = await storage.PutAsync(
                run.Slice(stored, count), _host.Memory, write.Pages.AsMemory(stored, count), write.Checksums.AsMemory(stored, count), limit.Token).ConfigureAwait(false);
            stored += put;
            if (put < count) break;
        }

        return new Written(stored, found, IsRotten: stored < run.Count && !_host.IsSound(write.Pages[stored]));
    }
}
