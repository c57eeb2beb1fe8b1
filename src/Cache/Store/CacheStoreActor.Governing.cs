using System.Collections.Immutable;
using ActorInference.Actors.Kv;
using ActorInference.Actors.Protocols;
using Akka.Actor;
using Akka.Event;
using static ActorInference.Actors.Protocols.CacheShardProtocol;
using static ActorInference.Actors.Protocols.CacheStoreProtocol;

namespace ActorInference.Cache.Store;

/// <summary>A store as a whole: its reports, its disk, its end.</summary>
public sealed partial class CacheStoreActor
{
    private readonly List<IActorRef> _drainers = [];
    private long _drained;

    private void Report()
    {
        _directory.Tell(new StoreReport(
            _options.Store, _pool.Epoch, Self, _options.Host, _pool.CapacityBytes, _pool.UsedBytes, _pool.SharedPath, _isDraining,
            Interlocked.Read(ref _refused), _transfers.Views));
        WriteIndex();
        // Not while it writes what it was told to: whoever asked for that is answered when it has been done.
        if (_drainers.Count > 0 && _snapshotters is null && _pool.Pages == 0 && (_disk?.PageCount ?? 0) == 0) Leave(withDisk: true);
    }

    private void WriteIndex()
    {
        try
        {
            _pool.WriteIndex();
        }
        catch (IOException failed)
        {
            _log.Warning(failed, "What is in the memory of {0} could not be written down; the next process begins without it", _options.Store);
        }
    }

    private void TellAll(int? bucket)
    {
        var held = _pool.List(withCertain: true, TimeSpan.Zero)
            .Where(slot => bucket is null || CacheBuckets.Of(slot.Page.Page.Key, _options.Buckets) == bucket)
            .Select(slot => Held(slot.Use, slot.Page, slot.IsCertain));
        var onDisk = (_disk?.Scan() ?? []).SelectMany(file => file.Pages)
            .Where(page => bucket is null || CacheBuckets.Of(page.Page.Page.Key, _options.Buckets) == bucket)
            .Select(page => new HeldPage(page.Page.Tenant, page.Page.Page, page.Page.Checksum, Replica.OnDisk(_options.Store), IsCertain: true));
        Adopt([.. held, .. onDisk]);
    }

    private void AskAboutUncertain()
    {
        var uncertain = _pool.List(withCertain: false, _options.UncertainFor);
        if (uncertain.Count > 0) Adopt(uncertain.ConvertAll(slot => Held(slot.Use, slot.Page, isCertain: false)));
    }

    private HeldPage Held(SlotUse use, StoredPage page, bool isCertain) =>
        new(page.Tenant, page.Page, page.Checksum, _pool.Locate(_options.Store, use), isCertain);

    private void Adopt(List<HeldPage> pages)
    {
        foreach (var bucket in pages.GroupBy(page => CacheBuckets.Of(page.Page.Key, _options.Buckets)))
        {
            foreach (var part in bucket.Chunk(AdoptPages)) _shards.Tell(new CacheShardProtocol.Adopt(bucket.Key, _options.Store, [.. part]), _self);
        }
    }

    private void BeginWarmUp()
    {
        if (_persistence is not { } persistence || _disk is not { } disk) return;
        Timers.StartPeriodicTimer(nameof(SnapshotTick), SnapshotTick.Instance, disk.Options.SnapshotInterval);
        foreach (var size in disk.Scan().SelectMany(file => file.Pages).Select(page => page.Page.SizeBytes).Distinct()) _transfers.Offer(size);
        var (self, stop) = (Self, _stop.Token);
        Track(Task.Run<object>(
            () =>
            {
                var (pages, took) = persistence.WarmUp(warmed => self.Tell(warmed), stop);
                return new WarmUpEnded(pages, took);
            },
            stop), static failure => new WarmUpFailed(failure));
    }

    private void OnWarmUpEnded(WarmUpEnded ended)
    {
        (_warmed, _loadMs) = (ended.Pages, (long)ended.Took.TotalMilliseconds);
        _log.Info("Warm up from persistent path: {0}, found {1} cached entries", _disk!.Options.Path, ended.Pages);
        if (_disk.CorruptPages > 0) _log.Warning("{0} pages in {1} were damaged and are dropped", _disk.CorruptPages, _disk.Options.Path);
        Report();
    }

    private void OnGovern(Govern govern)
    {
        switch (govern.Action)
        {
            case StoreAction.Snapshot:
                BeginSnapshot(new Governor(Sender, govern.Action));
                break;
            case StoreAction.Unmount:
                Volatile.Write(ref _isDraining, true);
                BeginSnapshot(new Governor(Sender, govern.Action));
                break;
            case StoreAction.Verify:
                var verifier = new Governor(Sender, govern.Action);
                _verifiers.Add(verifier);
                Track(Task.Run<object>(() => Verify(verifier), _stop.Token), failure => new VerifyFailed(verifier, failure));
                break;
            case StoreAction.Drain:
                if (!_isDraining) _drained = _pool.Pages;
                Volatile.Write(ref _isDraining, true);
                _drainers.Add(Sender);
                Report();
                break;
            default:
                Sender.Tell(new Governed(govern.Action, 0, 0, $"Unknown action {(int)govern.Action}."));
                break;
        }
    }

    /// <param name="asker">Null if nobody waits for it.</param>
    private void BeginSnapshot(Governor? asker)
    {
        if (_persistence is null)
        {
            if (asker is not null) EndSnapshot([asker], each => new Governed(each.Action, 0, 0, "This store has no disk."));
        }
        else if (_snapshotters is null)
        {
            WriteSnapshot(asker is null ? [] : [asker]);
        }
        else if (asker is not null)
        {
            _nextSnapshotters.Add(asker);   // The one that is written may have begun before what the asker means.
        }
    }

    private void WriteSnapshot(List<Governor> askers)
    {
        var persistence = _persistence!;
        _snapshotters = askers;
        Track(Task.Run<object>(() => new SnapshotEnded(persistence.Write()), _stop.Token), static failure => new SnapshotFailed(failure));
    }

    private void OnSnapshotEnded(SnapshotEnded ended)
    {
        TellDisk(ended.Result.Written, isAdded: true);
        TellDisk(ended.Result.Evicted, isAdded: false);
        if (ended.Result.Written.Count > 0) _log.Info("{0} pages of {1} were persisted", ended.Result.Written.Count, _options.Store);
        AnswerSnapshotters(each => new Governed(each.Action, ended.Result.Written.Count, _disk!.FailedWrites, _disk.Options.Path));
    }

    private void OnSnapshotFailed(SnapshotFailed failed)
    {
        _log.Error(failed.Cause, "The snapshot of cache store {0} failed", _options.Store);
        var failure = new Status.Failure(new IOException($"The snapshot of cache store {_options.Store} in {_disk!.Options.Path} failed: {failed.Cause.GetBaseException().Message}"));
        AnswerSnapshotters(_ => failure);
    }

    private void AnswerSnapshotters(Func<Governor, object> answer)
    {
        var askers = _snapshotters ?? [];
        _snapshotters = null;
        if (EndSnapshot(askers, answer) || _nextSnapshotters.Count == 0) return;
        var next = _nextSnapshotters;
        _nextSnapshotters = [];
        WriteSnapshot(next);
    }

    /// <summary>A store that is to leave does so whether or not all could be written: what was, comes back.</summary>
    /// <returns>Whether it leaves.</returns>
    private bool EndSnapshot(List<Governor> askers, Func<Governor, object> answer)
    {
        foreach (var asker in askers) asker.Asker.Tell(answer(asker));
        if (!askers.Exists(static asker => asker.Action == StoreAction.Unmount)) return false;
        Leave(withDisk: _disk is null);
        return true;
    }

    private void TellDisk(List<TenantKey> keys, bool isAdded)
    {
        foreach (var bucket in keys.GroupBy(key => CacheBuckets.Of(key.Key, _options.Buckets)))
        {
            foreach (var part in bucket.Chunk(AdoptPages)) _shards.Tell(new DiskChanged(bucket.Key, _options.Store, isAdded, [.. part]), _self);
        }
    }

    private void Leave(bool withDisk)
    {
        var left = _pool.Pages;
        var message = left == 0 ? "All pages are elsewhere." : "It was unmounted before all pages were elsewhere.";
        foreach (var drainer in _drainers) drainer.Tell(new Governed(StoreAction.Drain, _drained - left, left, message));
        _directory.Tell(new StoreLeft(_options.Store, _pool.Epoch, withDisk));
        Context.Stop(Self);
    }

    private VerifyEnded Verify(Governor asker)
    {
        var (checkedPages, broken) = (0L, new List<(SlotUse Use, StoredPage Page)>());
        foreach (var (use, page, _) in _pool.List(withCertain: true, TimeSpan.Zero))
        {
            if (!_pool.TryAddReference(use.Slot, use.Generation)) continue;
            checkedPages++;
            if (PageChecksum.Compute(_pool.Bytes(use.Slot)) != page.Checksum) broken.Add((use, page));
            _pool.Release(use.Slot);
        }

        var lostOnDisk = new List<TenantKey>();
        foreach (var page in (_disk?.Scan() ?? []).SelectMany(file => file.Pages))
        {
            checkedPages++;
            if (!_disk!.TryRead(page.Page.TenantKey, new byte[page.Page.SizeBytes])) lostOnDisk.Add(page.Page.TenantKey);
        }

        return new VerifyEnded(asker, checkedPages, broken, lostOnDisk);
    }

    private void OnVerifyEnded(VerifyEnded ended)
    {
        foreach (var (use, page) in ended.Broken)
            _shards.Tell(new Broken(CacheBuckets.Of(page.Page.Key, _options.Buckets), page.Tenant, page.Page.Key, _pool.Locate(_options.Store, use)));
        TellDisk(ended.LostOnDisk, isAdded: false);
        _verifiers.Remove(ended.Asker);
        ended.Asker.Asker.Tell(new Governed(StoreAction.Verify, ended.Pages, ended.Broken.Count + ended.LostOnDisk.Count, "Broken pages are forgotten."));
    }

    private void OnVerifyFailed(VerifyFailed failed)
    {
        _log.Error(failed.Cause, "Verifying cache store {0} failed", _options.Store);
        _verifiers.Remove(failed.Asker);
        failed.Asker.Asker.Tell(new Status.Failure(new IOException($"Verifying cache store {_options.Store} failed: {failed.Cause.GetBaseException().Message}")));
    }

    private StoreStatus StatusNow()
    {
        var alerts = ImmutableArray.CreateBuilder<string>();
        if (_disk is { } disk)
        {
            if (disk.UsedBytes > disk.Options.AlertUse * disk.QuotaBytes) alerts.Add($"The disk use is {disk.UsedBytes} of {disk.QuotaBytes} bytes, more than {disk.Options.AlertUse:P0}.");
            if (disk.FailedWrites > 0) alerts.Add($"{disk.FailedWrites} writes to disk have failed.");
            if (_loadMs > disk.Options.AlertLoad.TotalMilliseconds) alerts.Add($"The warm-up took {_loadMs / 1000.0:0.0} s, more than {disk.Options.AlertLoad.TotalSeconds:0} s.");
        }

        return new StoreStatus(
            _options.Store, _pool.CapacityBytes, _pool.UsedBytes, _pool.Pages, _pool.LargestFreeBytes, _disk?.Options.Path ?? "", _disk?.QuotaBytes ?? 0,
            _disk?.UsedBytes ?? 0, _disk?.PageCount ?? 0, _disk?.FailedWrites ?? 0, _disk?.CorruptPages ?? 0, _loadMs, _warmed, alerts.ToImmutable());
    }

    private void Track(Task<object> task, Func<Exception, object> onFailure)
    {
        _active.RemoveWhere(static ended => ended.IsCompleted);
        _active.Add(task);
        task.PipeTo(Self, failure: onFailure);
    }

    /// <summary>Who waits to hear what came of an action.</summary>
    private sealed record Governor(IActorRef Asker, StoreAction Action);

    private sealed record SnapshotEnded(StorePersistence.Snapshot Result);

    private sealed record SnapshotFailed(Exception Cause);

    private sealed record VerifyFailed(Governor Asker, Exception Cause);

    private sealed record WarmUpFailed(Exception Cause);

    private sealed record VerifyEnded(Governor Asker, long Pages, List<(SlotUse Use, StoredPage Page)> Broken, List<TenantKey> LostOnDisk);

    private sealed record WarmUpEnded(long Pages, TimeSpan Took);
}
