using ManagedCuda.BasicTypes;
using static ManagedCuda.DriverAPINativeMethods;

namespace ManagedCuda;

/// <summary>Work that a device does in order.</summary>
public class CudaStream : IDisposable
{
    private bool _isDisposed;

    public CudaStream(CUStreamFlags flags)
    {
        CudaException.ThrowIfFailed(Streams.cuStreamCreate(out var stream, flags));
        Stream = stream;
    }

    public CUstream Stream { get; }

    public void Synchronize() => CudaException.ThrowIfFailed(Streams.cuStreamSynchronize(Stream));

    public void WaitEvent(CUevent cuevent) => CudaException.ThrowIfFailed(Streams.cuStreamWaitEvent(Stream, cuevent, 0));

    public void Dispose()
    {
        if (_isDisposed) return;
        _isDisposed = true;
        _ = Streams.cuStreamDestroy_v2(Stream);
        GC.SuppressFinalize(this);
    }
}
