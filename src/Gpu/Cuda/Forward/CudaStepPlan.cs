using ActorInference.Gpu.Cuda.Devices;
using ActorInference.Gpu.Engine;
using ActorInference.Gpu.Kv;
using ActorInference.Gpu.Sampling;
using ManagedCuda;

namespace ActorInference.Gpu.Cuda.Forward;

/// <summary>
/// What one step works on, as the kernels read it: one block of integers, laid out in pinned memory and copied to the device as a whole.
/// A row is one new token. The two steps that may be under way are laid out in turns, so that none is written over before it was copied.
/// </summary>
internal sealed unsafe class CudaStepPlan : IDisposable
{
    private const int CountOfRows = 0, CountOfLogits = 1, CountOfSingles = 2, CountOfPlain = 3, HeaderInts = 8;
    private const int TileInts = 4;
    private const int ChoiceInts = 5;
    private const int HostBlocks = 2;

    /// <summary>Rows of a step that is laid out for so many and not for the largest: little is copied then.</summary>
    public const int SmallRows = 256;

    private readonly CudaDevice _device;
    private readonly int _maxRows;
    private readonly int _tileTokens;
    private readonly CudaPageLockedHostMemory<int>?[] _hosts = new CudaPageLockedHostMemory<int>?[HostBlocks];
    private CudaDeviceVariable<byte> _target;
    private int _pagesCapacity;
    private int _pagesUsed;
    private int _stride;

    /// <param name="device">Where it goes.</param>
    /// <param name="maxRows">Tokens of the largest step.</param>
    /// <param name="tileTokens">Neighbouring tokens that attend together; 0 if they can't.</param>
    public CudaStepPlan(CudaDevice device, int maxRows, int tileTokens)
    {
        (_device, _maxRows, _tileTokens) = (device, maxRows, tileTokens);
        _pagesCapacity = 4096;
        _target = Allocate();
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

    /// <summary>Whether the device is to choose tokens.</summary>
    public bool HasChoices { get; private set; }

    public ulong RowCountAt => At(CountOfRows);

    public ulong LogitCountAt => At(CountOfLogits);

    public ulong SingleCountAt => At(CountOfSingles);

    public ulong PlainCountAt => At(CountOfPlain);

    public ulong Tokens => At(HeaderInts);

    public ulong Positions => At(HeaderInts + _stride);

    public ulong RowPages => At(HeaderInts + 2 * _stride);

    /// <summary>Of each row, where its sequence's pages begin.</summary>
    public ulong PageStarts => At(HeaderInts + 3 * _stride);

    public ulong LogitRows => At(HeaderInts + 4 * _stride);

    public ulong Singles => At(HeaderInts + 5 * _stride);

    public ulong Plain => At(HeaderInts + 6 * _stride);

    public ulong Tiles => At(HeaderInts + 7 * _stride);

    /// <summary>Options of sample.cu, of each row of logits.</summary>
    public ulong Choices => At(ChoicesOffset);

    public ulong Pages => At(PagesOffset);

    private int ChoicesOffset => HeaderInts + (7 + TileInts) * _stride;

    private int PagesOffset => ChoicesOffset + ChoiceInts * _stride;

    /// <summary>Lays the checked batch of a step out, and begins its copy to the device.</summary>
    /// <param name="step">Gets the places of its logits.</param>
    /// <param name="before">The step that its tokens may come from.</param>
    /// <param name="pool">Of its pages.</param>
    public void Set(CudaStep step, CudaStep before, KvPagePool pool)
    {
        var batch = step.Batch;
        Reserve(batch);
        _stride = LayoutRows(batch.TokenCount);
        (Rows, LogitCount, SingleCount, PlainCount, TileCount, LongestSingle, _pagesUsed) = (batch.TokenCount, 0, 0, 0, 0, 0, 0);
        (IsDecode, HasChoices) = (true, false);
        var source = _hosts[step.Index]!.PinnedHostPointer;
        var host = new Span<int>((void*)source, PagesOffset + _pagesCapacity);
        for (var sequence = 0; sequence < batch.Count; sequence++) Add(step, before, sequence, pool.Layout.PageSizeTokens, host);
        (host[CountOfRows], host[CountOfLogits], host[CountOfSingles], host[CountOfPlain]) = (Rows, LogitCount, SingleCount, PlainCount);
        var bytes = (long)(PagesOffset + _pagesUsed) * sizeof(int);
        _device.Check(
            DriverAPINativeMethods.AsynchronousMemcpy_v2.cuMemcpyHtoDAsync_v2(_target.DevicePointer, source, bytes, _device.Stream), "cuMemcpyHtoDAsync");
    }

    public void Dispose()
    {
        foreach (var host in _hosts) _device.Release(host);
        _device.Release(_target);
    }

    private void Add(CudaStep step, CudaStep before, int sequence, int pageSize, Span<int> host)
    {
        var batch = step.Batch;
        var tokens = batch.Tokens(sequence);
        var pages = batch.Pages(sequence);
        var (first, position) = (batch.FirstToken(sequence), batch.FirstPosition(sequence));
        var needed = (position + tokens.Length + pageSize - 1) / pageSize;
        pages[..needed].CopyTo(host[(PagesOffset + _pagesUsed)..]);
        for (var i = 0; i < tokens.Length; i++)
        {
            var row = HeaderInts + first + i;
            host[row] = tokens[i] >= 0 ? tokens[i] : ~before.LogitIndexOf[~tokens[i]];
            host[row + _stride] = position + i;
            host[row + 2 * _stride] = pages[(position + i) / pageSize];
            host[row + 3 * _stride] = _pagesUsed;
        }

        _pagesUsed += needed;
        AddQueries(first, position, tokens.Length, host);
        IsDecode &= tokens.Length == 1 && batch.WantLogits(sequence);
        step.LogitIndexOf[sequence] = LogitCount;
        var choice = batch.Choice(sequence);
        for (var i = tokens.Length - batch.LogitCount(sequence); i < tokens.Length; i++)
        {
            AddChoice(choice, LogitCount - step.LogitIndexOf[sequence], host.Slice(ChoicesOffset + ChoiceInts * LogitCount, ChoiceInts));
            host[HeaderInts + 4 * _stride + LogitCount++] = first + i;
        }
    }

    /// <param name="choice">Null where the host chooses; what the device does there, the cheapest, nobody reads.</param>
    /// <param name="nth">Which of the sequence's tokens with logits.</param>
    /// <param name="options">Of the row.</param>
    private void AddChoice(TokenChoice? choice, int nth, Span<int> options)
    {
        options.Clear();
        if (choice is not { } how) return;
        HasChoices = true;
        options[0] = BitConverter.SingleToInt32Bits(how.Temperature);
        options[1] = BitConverter.SingleToInt32Bits(how.TopP);
        options[2] = BitConverter.SingleToInt32Bits(how.MinP);
        options[3] = BitConverter.SingleToInt32Bits((float)CounterRandom.UnitInterval(how.Seed, how.Draw + nth));
        options[4] = how.TopK;
    }

    private void AddQueries(int first, int position, int count, Span<int> host)
    {
        if (count == 1)
        {
            host[HeaderInts + 5 * _stride + SingleCount++] = first;
            LongestSingle = Math.Max(LongestSingle, position + 1);
            return;
        }

        if (_tileTokens == 0)
        {
            for (var i = 0; i < count; i++) host[HeaderInts + 6 * _stride + PlainCount++] = first + i;
            return;
        }

        for (var at = 0; at < count; at += _tileTokens)
        {
            var tile = host.Slice(HeaderInts + 7 * _stride + TileInts * TileCount++, TileInts);
            (tile[0], tile[1], tile[2], tile[3]) = (first, first + at, Math.Min(_tileTokens, count - at), position + at);
        }
    }

    private void Reserve(ForwardBatch batch)
    {
        var needed = 0;
        for (var i = 0; i < batch.Count; i++) needed += batch.Pages(i).Length;
        if (needed <= _pagesCapacity) return;
        _device.Synchronize();
        Dispose();
        _pagesCapacity = Math.Max(needed, 2 * _pagesCapacity);
        _target = Allocate();
        Version++;
    }

    private CudaDeviceVariable<byte> Allocate()
    {
        _stride = _maxRows;
        var ints = PagesOffset + _pagesCapacity;
        for (var i = 0; i < HostBlocks; i++) _hosts[i] = _device.AllocatePinned<int>(ints, "page tables");
        return _device.Allocate((long)ints * sizeof(int), "page tables");
    }

    /// <summary>The same for all steps that are recorded, whose addresses stay.</summary>
    private int LayoutRows(int rows) => rows <= SmallRows ? Math.Min(SmallRows, _maxRows) : _maxRows;

    private ulong At(int index) => (ulong)_target.DevicePointer.Pointer + (ulong)index * sizeof(int);
}
