using ManagedCuda.BasicTypes;

namespace ManagedCuda;

/// <summary>A call of the driver failed.</summary>
public class CudaException : Exception
{
    public CudaException(CUResult error)
        : base($"{error}") => CudaError = error;

    public CUResult CudaError { get; }

    internal static void ThrowIfFailed(CUResult result)
    {
        if (result != CUResult.Success) throw new CudaException(result);
    }
}
