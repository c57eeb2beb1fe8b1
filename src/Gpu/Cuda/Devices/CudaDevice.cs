using System.Diagnostics;
using ActorInference.Gpu.Cuda.Modules;
using ActorInference.Gpu.Cuda.Native;
using ManagedCuda;
using ManagedCuda.BasicTypes;

namespace ActorInference.Gpu.Cuda.Devices;

/// <summary>A device in use: its context, the stream of its compute, and what compiles and multiplies on it.</summary>
/// <remarks>One caller at a time. What was allocated on it is disposed before it.</remarks>
public sealed class CudaDevice : IDisposable
{
    /// <summary>Default of <see cref="Deadline"/>: the largest step is far below it.</summary>
    public static readonly TimeSpan DefaultDeadline = TimeSpan.FromMinutes(1);

    private readonly PrimaryContext _context;
    private readonly CudaStream _stream;
    private readonly CudaEvent _done;
    private readonly CancellationTokenSource _lost = new();
    private bool _isHung;

    /// <param name="index">As the driver counts, from 0.</param>
    /// <param name="cacheFolder">Where compiled kernels are kept; null to keep none.</param>
    /// <exception cref="CudaLibraryException">A library is missing, or refuses.</exception>
    /// <exception cref="CudaDeviceLostException">The device does not answer.</exception>
    public CudaDevice(int index, string? cacheFolder)
    {
        Index = index;
        _context = Guard(() => new PrimaryContext(index));
        try
        {
            Info = Guard(() => CudaContext.GetDeviceInfo(index));
            _stream = Guard(() => new CudaStream(CUStreamFlags.NonBlocking));
            _done = NewEvent();
            Modules = new ModuleCache(this, cacheFolder);
            CublasLt.Check(CublasLt.Create(out var lt), "cublasLtCreate");
            Lt = lt;
        }
        catch
        {
            _done?.Dispose();
            _stream?.Dispose();
            _context.Dispose();
            throw;
        }
    }

    public int Index { get; }

    /// <summary>What is launched must end within it; at least 1 ms. Default one minute.</summary>
    public TimeSpan Deadline { get; init; } = DefaultDeadline;

    /// <summary>Cancelled when a call has found the device's context broken: what this process has there is gone, and only a new one gets it back.</summary>
    public CancellationToken WhenLost => _lost.Token;

    public CudaDeviceProperties Info { get; }

    internal CudaContext Context => _context;

    internal CUstream Stream => _stream.Stream;

    internal ModuleCache Modules { get; }

    /// <summary>Handle of cuBLASLt.</summary>
    internal nint Lt { get; }

    internal bool IsLost => _lost.IsCancellationRequested;

    /// <summary>Bytes that can be had yet.</summary>
    public long FreeBytes
    {
        get
        {
            Enter();
            return Guard(() => (long)(ulong)_context.GetFreeDeviceMemorySize());
        }
    }

    /// <summary>Makes the device the calling thread's.</summary>
    internal void Enter() => Check(DriverAPINativeMethods.ContextManagement.cuCtxSetCurrent(_context.Context), "cuCtxSetCurrent");

    /// <summary>A point in a stream's work, to wait for.</summary>
    internal CudaEvent NewEvent() => Guard(() => new CudaEvent(CUEventFlags.DisableTiming));

    internal CudaStream NewStream() => Guard(() => new CudaStream(CUStreamFlags.NonBlocking));

    /// <summary>Marks the end of what was launched until now.</summary>
    internal void Record(CudaEvent point, CUstream stream)
    {
        try
        {
            point.Record(stream);
        }
        catch (CudaException failure)
        {
            throw Lost(failure.CudaError, "cuEventRecord", failure);
        }
    }

    /// <summary>Whether a point is reached.</summary>
    internal bool IsReached(CudaEvent point)
    {
        try
        {
            return point.Query();
        }
        catch (CudaException failure)
        {
            throw Lost(failure.CudaError, "a kernel", failure);
        }
    }

    /// <summary>Waits for a point, with the processor: a step ends in less time than a thread takes to wake.</summary>
    /// <exception cref="CudaHungException">It is not reached within <see cref="Deadline"/>.</exception>
    internal void Wait(CudaEvent point)
    {
        if (IsReached(point)) return;
        var (started, spin) = (Stopwatch.GetTimestamp(), new SpinWait());
        while (!IsReached(point))
        {
            if (Stopwatch.GetElapsedTime(started) > Deadline) throw Hung();
            spin.SpinOnce(sleep1Threshold: -1);
        }
    }

    /// <summary>Has compute that is launched from now on wait for a point of another stream; the host does not.</summary>
    internal void Follow(CudaEvent point)
    {
        try
        {
            _stream.WaitEvent(point.Event);
        }
        catch (CudaException failure)
        {
            throw Lost(failure.CudaError, "cuStreamWaitEvent", failure);
        }
    }

    /// <summary>Waits for all that was launched.</summary>
    internal void Synchronize()
    {
        Record(_done, Stream);
        Wait(_done);
    }

    /// <summary>Copies from the host's memory, which may be any; what is launched later finds it there.</summary>
    internal void Upload(CUdeviceptr target, nint source, long bytes)
    {
        // Not by the synchronous call: that waits on the default stream, which this device's does not follow, and may return before the last bytes are there.
        Check(DriverAPINativeMethods.AsynchronousMemcpy_v2.cuMemcpyHtoDAsync_v2(target, source, bytes, Stream), "cuMemcpyHtoDAsync");
        Synchronize();
    }

    /// <summary>Memory of the device.</summary>
    /// <param name="bytes">At least 1.</param>
    /// <param name="purpose">For the error, such as "weights".</param>
    /// <exception cref="CudaMemoryException">There is not so much.</exception>
    internal CudaDeviceVariable<byte> Allocate(long bytes, string purpose) => Allocate(bytes, purpose, () => new CudaDeviceVariable<byte>((ulong)bytes));

    /// <summary>Memory of the host that the device copies from and to by itself.</summary>
    /// <exception cref="CudaMemoryException">There is not so much.</exception>
    internal CudaPageLockedHostMemory<T> AllocatePinned<T>(long count, string purpose)
        where T : unmanaged => Allocate(count, purpose, () => new CudaPageLockedHostMemory<T>((ulong)count));

    /// <summary>As <see cref="Allocate(long, string)"/>, for other kinds of memory.</summary>
    internal T Allocate<T>(long size, string purpose, Func<T> allocate)
    {
        try
        {
            return allocate();
        }
        catch (CudaException failure) when (failure.CudaError == CUResult.ErrorOutOfMemory)
        {
            throw new CudaMemoryException($"cuda:{Index} has {FreeBytes:N0} bytes left; {purpose} need {size:N0}.", failure);
        }
        catch (CudaException failure)
        {
            throw Lost(failure.CudaError, purpose, failure);
        }
    }

    /// <summary>
    /// Disposes parts of what is on the device, from any thread: the driver frees nothing for one that has not made the device its own. Where it hangs,
    /// that would wait for ever; they go with the process.
    /// </summary>
    internal void Release(IDisposable? part)
    {
        if (_isHung || part is null) return;
        TryEnter();
        part.Dispose();
    }

    /// <summary>As <see cref="Enter"/>, for what is given back: a lost device has nothing of it any more, and says so wherever else it is asked.</summary>
    internal void TryEnter() => _ = DriverAPINativeMethods.ContextManagement.cuCtxSetCurrent(_context.Context);

    /// <summary>Throws what a failed call of the driver means.</summary>
    internal void Check(CUResult result, string call)
    {
        if (result != CUResult.Success) throw Lost(result, call, null);
    }

    public void Dispose()
    {
        if (_isHung) return;
        TryEnter();
        _ = CublasLt.Destroy(Lt);
        Modules.Dispose();
        _done.Dispose();
        _stream.Dispose();
        _context.Dispose();
    }

    private T Guard<T>(Func<T> call)
    {
        try
        {
            return call();
        }
        catch (CudaException failure)
        {
            throw Lost(failure.CudaError, "the driver", failure);
        }
        catch (Exception missing) when (missing is DllNotFoundException or EntryPointNotFoundException)
        {
            throw new CudaLibraryException(missing.Message, missing);
        }
    }

    private CudaDeviceLostException Lost(CUResult result, string call, Exception? cause)
    {
        _lost.Cancel();
        return new CudaDeviceLostException($"cuda:{Index}: {call} answers {result} ({(int)result}).", cause);
    }

    private CudaHungException Hung()
    {
        _isHung = true;
        _lost.Cancel();
        return new CudaHungException($"cuda:{Index}: what was launched has not ended within {Deadline}.");
    }
}
