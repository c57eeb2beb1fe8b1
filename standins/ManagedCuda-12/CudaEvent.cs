using ManagedCuda.BasicTypes;
using static ManagedCuda.DriverAPINativeMethods;

namespace ManagedCuda;

/// <summary>A point in a stream's work.</summary>
public class CudaEvent : IDisposable
{
    private bool _isDisposed;

    public CudaEvent()
        : this(CUEventFlags.Default)
    {
    }

    public CudaEvent(CUEventFlags flags)
    {
        CudaException.ThrowIfFailed(Events.cuEventCreate(out var created, flags));
        Event = created;
    }

    public CUevent Event { get; }

    /// <summary>Time between two points, in milliseconds.</summary>
    public static float ElapsedTime(CudaEvent eventStart, CudaEvent eventEnd)
    {
        CudaException.ThrowIfFailed(Events.cuEventElapsedTime(out var milliseconds, eventStart.Event, eventEnd.Event));
        return milliseconds;
    }

    public void Record(CUstream stream) => CudaException.ThrowIfFailed(Events.cuEventRecord(Event, stream));

    public void Synchronize() => CudaException.ThrowIfFailed(Events.cuEventSynchronize(Event));

    /// <summary>Whether the work up to here is done.</summary>
    public bool Query()
    {
        var result = Events.cuEventQuery(Event);
        if (result == CUResult.ErrorNotReady) return false;
        CudaException.ThrowIfFailed(result);
        return true;
    }

    public void Dispose()
    {
        if (_isDisposed) return;
        _isDisposed = true;
        _ = Events.cuEventDestroy_v2(Event);
        GC.SuppressFinalize(this);
    }
}
