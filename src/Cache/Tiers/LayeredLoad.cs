using System.Runtime.ExceptionServices;
using ActorInference.Actors.Kv;

namespace ActorInference.Cache.Tiers;

/// <summary>
/// Copies pages layer by layer on another thread. A layer is copied by whoever comes to it first, so that who awaits one never waits for
/// a thread that has not begun. Into a device's pages the copies are begun here, and the device waits for them.
/// </summary>
internal sealed class LayeredLoad : IPageLoad
{
    private const int Open = 0;
    private const int Taken = 1;
    private const int Done = 2;

    private readonly HostPool _host;
    private readonly int[] _sources;
    private readonly IPageMemory _into;
    private readonly IPageLanding? _landing;
    private readonly int[] _targets;
    private readonly PageSums[] _sums;
    private readonly int[] _layers;   // How far each is.
    private readonly TimeProvider _time;
    private readonly long _started;
    private long _ended;
    private int _missing;
    private Exception? _failure;

    private LayeredLoad(HostPool host, int[] sources, int storagePages, IPageMemory into, IPageLanding? landing, int[] targets, TimeProvider time)
    {
        (_host, _sources, StoragePages, _into, _landing, _targets, _time) = (host, sources, storagePages, into, landing, targets, time);
        _sums = new PageSums[sources.Length];
        _layers = new int[host.Layout.Layers];
        _missing = _layers.Length;
        _started = time.GetTimestamp();
    }

    public int Pages => _sources.Length;

    public int StoragePages { get; }

    /// <summary>Whether the sums of a page can be put together from those of its layers.</summary>
    public static bool Fits(KvPageLayout layout) => layout.Layers == 1 || layout.LayerBytes % PageSums.RowBytes == 0;

    /// <param name="sources">Pinned pages of the host.</param>
    /// <param name="landing">Into a pool whose bytes the host does not reach; null for others.</param>
    /// <param name="targets">A page for each.</param>
    public static LayeredLoad Start(HostPool host, int[] sources, int storagePages, IPageMemory into, IPageLanding? landing, int[] targets, TimeProvider time)
    {
        var load = new LayeredLoad(host, sources, storagePages, into, landing, targets, time);
        ThreadPool.UnsafeQueueUserWorkItem(static load => load.CopyAll(), load, preferLocal: false);
        return load;
    }

    public void Await(int layer)
    {
        AwaitCopy(layer);
        if (Volatile.Read(ref _failure) is { } failure) ExceptionDispatchInfo.Throw(failure);
        _landing?.Await(layer);
    }

    public int End(out TimeSpan elapsed)
    {
        for (var layer = 0; layer < _layers.Length; layer++) AwaitCopy(layer);
        if (_landing is not null) FinishLanding(_landing);
        elapsed = _time.GetElapsedTime(_started, Volatile.Read(ref _ended));
        if (_failure is not null)
        {
            // The device's, not the pages': these stay as they are. Whoever computes next is told.
            _host.EndLoad(_sources, _sources.Length, used: 0);
            return 0;
        }

        var right = 0;
        while (right < _sources.Length && _sums[right].Finish(_host.Layout.PageBytes) == _host.ChecksumOf(_sources[right])) right++;
        // With one that is wrong all was in vain, and the sequence comes back for the others.
        _host.EndLoad(_sources, right, used: right == _sources.Length ? right : 0);
        return right;
    }

    private void AwaitCopy(int layer)
    {
        if (TryCopy(layer)) return;
        var spin = new SpinWait();
        while (Volatile.Read(ref _layers[layer]) != Done) spin.SpinOnce(sleep1Threshold: -1);
    }

    private void CopyAll()
    {
        for (var layer = 0; layer < _layers.Length; layer++) TryCopy(layer);
    }

    /// <returns>False if another thread has taken it.</returns>
    private bool TryCopy(int layer)
    {
        if (Interlocked.CompareExchange(ref _layers[layer], Taken, Open) != Open) return false;
        try
        {
            Copy(layer);
        }
        catch (Exception failure)
        {
            Interlocked.CompareExchange(ref _failure, failure, null);
        }

        if (Interlocked.Decrement(ref _missing) == 0) Volatile.Write(ref _ended, _time.GetTimestamp());
        Volatile.Write(ref _layers[layer], Done);
        return true;
    }

    private void Copy(int layer)
    {
        var (bytes, offset) = (_host.Layout.LayerBytes, layer * _host.Layout.LayerBytes);
        for (var i = 0; i < _sources.Length; i++)
        {
            var sums = default(PageSums);
            var source = _host.Source(_sources[i]).Slice(offset, bytes);
            if (_landing is null) sums.AddCopying(source, _into.Bytes(_targets[i]).Span[offset..], offset);
            else _landing.Write(_targets[i], offset, source, ref sums);
            // Two threads may be at two layers of the page.
            lock (_sums) _sums[i].Join(sums);
        }

        _landing?.Close(layer);
    }

    private void FinishLanding(IPageLanding landing)
    {
        try
        {
            landing.Finish();
        }
        catch (Exception failure)
        {
            Interlocked.CompareExchange(ref _failure, failure, null);
        }
    }
}
