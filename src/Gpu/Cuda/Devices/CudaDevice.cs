using ActorInference.Gpu.Cuda.Modules;
using ActorInference.Gpu.Cuda.Native;
using ManagedCuda;
using ManagedCuda.BasicTypes;

namespace ActorInference.Gpu.Cuda.Devices;

/// <summary>A device in use: its context, the stream of its compute, and what compiles and multiplies on it.</summary>
/// <remarks>One caller at a time. What was allocated on it is disposed before it.</remarks>
public sealed class CudaDevice : IDisposable
{
    private readonly PrimaryContext _context;
    private readonly CudaStream _stream;
    private readonly CancellationTokenSource _lost = new();

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
            Modules = new ModuleCache(this, cacheFolder);
            CublasLt.Check(CublasLt.Create(out var lt), "cublasLtCreate");
            Lt = lt;
        }
        catch
        {
            _stream?.Dispose();
            _context.Dispose();
            throw;
        }
    }

    public int Index { get; }

    /// <summary>Cancelled when a call has found the device's context broken: what this process has there is gone, and only a new one gets it back.</summary>
    public CancellationToken WhenLost => _lost.Token;

    public CudaDeviceProperties Info { get; }

    internal CudaContext Context => _context;

    internal CUstream Stream => _stream.Stream;

    internal ModuleCache Modules { get; }

    /// <summary>Handle of cuBLASLt.</summary>
    internal nint Lt { get; }

    /// <summary>Bytes that can be had yet.</summary>
    public long FreeBytes => Guard(() => (long)(ulong)_context.GetFreeDeviceMemorySize());

    /// <summary>Makes the device the calling thread's.</summary>
    internal void Enter() => Check(DriverAPINativeMethods.ContextManagement.cuCtxSetCurrent(_context.Context), "cuCtxSetCurrent");

    /// <summary>Waits for all that was launched.</summary>
    internal void Synchronize() => Guard(() => _stream.Synchronize());

    /// <summary>Memory of the device.</summary>
    /// <param name="bytes">At least 1.</param>
    /// <param name="purpose">For the error, such as "weights".</param>
    /// <exception cref="CudaMemoryException">There is not so much.</exception>
    internal CudaDeviceVariable<byte> Allocate(long bytes, string purpose)
    {
        try
        {
            return new CudaDeviceVariable<byte>((ulong)bytes);
        }
        catch (CudaException failure) when (failure.CudaError == CUResult.ErrorOutOfMemory)
        {
            throw new CudaMemoryException($"cuda:{Index} has {FreeBytes:N0} bytes left; {purpose} need {bytes:N0}.", failure);
        }
        catch (CudaException failure)
        {
            throw Lost(failure.CudaError, purpose, failure);
        }
    }

    /// <summary>Throws what a failed call of the driver means.</summary>
    internal void Check(CUResult result, string call)
    {
        if (result != CUResult.Success) throw Lost(result, call, null);
    }

    public void Dispose()
    {
        _ = CublasLt.Destroy(Lt);
        Modules.Dispose();
        _stream.Dispose();
        _context.Dispose();
    }

    private void Guard(Action call) => Guard(() =>
    {
        call();
        return 0;
    });

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
}
