using ActorInference.Gpu.Cuda.Devices;
using ActorInference.Gpu.Engine;
using ActorInference.Gpu.Kv;
using ManagedCuda;

namespace ActorInference.Gpu.Cuda.Forward;

/// <summary>
/// What one step works on, as the kernels read it: one block of integers, laid out in pinned memory and copied to the device as a whole.
/// A row is one new token.
/// </summary>
internal sealed unsafe class CudaStepPlan : IDisposable
{
    private const int CountOfRows = 0, CountOfLogits = 1, CountOfSingles = 2, CountOfPlain = 3, HeaderInts = 8;
    private const int TileInts = 4;

    private readonly CudaDevice _device;
    private readonly int _maxRows;
    private readonly int _tileTokens;
    private readonly int[] _logitIndexOfSequence;
    private CudaPageLockedHostMemory<int> _host;
    private CudaDeviceVariable<byte> _target;
    private int _pagesCapacity;
    private int _pagesUsed;

    /// <param name="device">Where it goes.</param>
    /// <param name="maxRows">Tokens of the largest step.</param>
    /// <param name="tileTokens">Neighbouring tokens that attend together; 0 if they can't.</param>
    public CudaStepPlan(CudaDevice device, int maxRows, int tileTokens)
    {
        (_device, _maxRows, _tileTokens) = (device, maxRows, tileTokens);
        _logitIndexOfSequence = new int[maxRows];
        _pagesCapacity = 4096;
        (_host, _target) = Allocate();
    }

    /// <summary>Counts up whenever the block lies elsewhere, so that what was recorded with its addresses is stale.</summary>
    public int Version { get; private set; }

    public int Rows { get; private set; }

    public int LogitCount { get; private set; }

    /// <summary>Sequences with one token.</summary>
    public int SingleCount { get; private set; }

    /// <summary>Rows of longer chunks that attend one by one.</summary>
    public int PlainCount { get; private set; }

    public int TileCount { get; private set; }

    /// <summary>Tokens before and with the furthest single one.</summary>
    public int LongestSingle { get; private set; }

    /// <summary>Whether every sequence has one token and wants its logits.</summary>
    public bool IsDecode { get; private set; }

    public ulong RowCountAt => At(CountOfRows);

    public ulong LogitCountAt => At(CountOfLogits);

    public ulong SingleCountAt => At(CountOfSingles);

    public ulong PlainCountAt => At(CountOfPlain);

    public ulong Tokens => At(HeaderInts);

    public ulong Positions => At(HeaderInts + _maxRows);

    public ulong RowPages => At(HeaderInts + 2 * _maxRows);

    /// <summary>Of each row, where its sequence's pages begin.</summary>
    public ulong PageStarts => At(HeaderInts + 3 * _maxRows);

    public ulong LogitRows => At(HeaderInts + 4 * _maxRows);

    public ulong Singles => At(HeaderInts + 5 * _maxRows);

    public ulong Plain => At(HeaderInts + 6 * _maxRows);

    public ulong Tiles => At(HeaderInts + 7 * _maxRows);

    public ulong Pages => At(PagesOffset);

    private int PagesOffset => HeaderInts + (7 + TileInts) * _maxRows;

    /// <summary>Row of the first logits that belong to a sequence.</summary>
    public int LogitIndex(int sequence) => _logitIndexOfSequence[sequence];

    /// <summary>Lays a checked batch out, and begins its copy to the device.</summary>
    public void Set(ForwardBatch batch, KvPagePool pool)
    {
        Reserve(batch);
        (Rows, LogitCount, SingleCount, PlainCount, TileCount, LongestSingle, _pagesUsed) = (batch.TokenCount, 0, 0, 0, 0, 0, 0);
        IsDecode = true;
        var host = new Span<int>((void*)_host.PinnedHostPointer, PagesOffset + _pagesCapacity);
        for (var sequence = 0; sequence < batch.Count; sequence++) Add(batch, sequence, pool.Layout.PageSizeTokens, host);
        (host[CountOfRows], host[CountOfLogits], host[CountOfSingles], host[CountOfPlain]) = (Rows, LogitCount, SingleCount, PlainCount);
        var bytes = (long)(PagesOffset + _pagesUsed) * sizeof(int);
        _device.Check(
            DriverAPINativeMethods.AsynchronousMemcpy_v2.cuMemcpyHtoDAsync_v2(_target.DevicePointer, _host.PinnedHostPointer, bytes, _device.Stream), "cuMemcpyHtoDAsync");
    }

    public void Dispose()
    {
        _host.Dispose();
        _target.Dispose();
    }

    private void Add(ForwardBatch batch, int sequence, int pageSize, Span<int> host)
    {
        var tokens = batch.Tokens(sequence);
        var pages = batch.Pages(sequence);
        var (first, position) = (batch.FirstToken(sequence), batch.FirstPosition(sequence));
        var needed = (position + tokens.Length + pageSize - 1) / pageSize;
        pages[..needed].CopyTo(host[(PagesOffset + _pagesUsed)..]);
        for (var i = 0; i < tokens.Length; i++)
        {
            var row = HeaderInts + first + i;
            host[row] = tokens[i];
            host[row + _maxRows] = position + i;
            host[row + 2 * _maxRows] = pages[(position + i) / pageSize];
            host[row + 3 * _maxRows] = _pagesUsed;
        }

        _pagesUsed += needed;
        AddQueries(first, position, tokens.Length, host);
        IsDecode &= tokens.Length == 1 && batch.WantLogits(sequence);
        _logitIndexOfSequence[sequence] = LogitCount;
        for (var i = tokens.Length - batch.LogitCount(sequence); i < tokens.Length; i++) host[HeaderInts + 4 * _maxRows + LogitCount++] = first + i;
    }

    private void AddQueries(int first, int position, int count, Span<int> host)
    {
        if (count == 1)
        {
            host[HeaderInts + 5 * _maxRows + SingleCount++] = first;
            LongestSingle = Math.Max(LongestSingle, position + 1);
            return;
        }

        if (_tileTokens == 0)
        {
            for (var i = 0; i < count; i++) host[HeaderInts + 6 * _maxRows + PlainCount++] = first + i;
            return;
        }

        for (var at = 0; at < count; at += _tileTokens)
        {
            var tile = host.Slice(HeaderInts + 7 * _maxRows + TileInts * TileCount++, TileInts);
            (tile[0], tile[1], tile[2], tile[3]) = (first, first + at, Math.Min(_tileTokens, count - at), position + at);
        }
    }

    private void Reserve(ForwardBatch batch)
    {
        var needed = 0;
        for (var i = 0; i < batch.Count; i++) needed += batch.Pages(i).Length;
        if (needed <= _pagesCapacity) return;
        Dispose();
        _pagesCapacity = Math.Max(needed, 2 * _pagesCapacity);
        (_host, _target) = Allocate();
        Version++;
    }

    private (CudaPageLockedHostMemory<int> Host, CudaDeviceVariable<byte> Target) Allocate()
    {
        var ints = PagesOffset + _pagesCapacity;
        return (new CudaPageLockedHostMemory<int>(ints), _device.Allocate((long)ints * sizeof(int), "page tables"));
    }

    private ulong At(int index) => (ulong)_target.DevicePointer.Pointer + (ulong)index * sizeof(int);
}
