namespace ManagedCuda.BasicTypes;

public struct CUdevice
{
    public int Pointer;
}

public struct CUcontext
{
    public IntPtr Pointer;
}

public struct CUmodule
{
    public IntPtr Pointer;
}

public struct CUfunction
{
    public IntPtr Pointer;
}

public struct CUevent
{
    public IntPtr Pointer;
}

public struct CUgraph
{
    public IntPtr Pointer;
}

public struct CUgraphExec
{
    public IntPtr Pointer;
}

public struct CUstream
{
    public IntPtr Pointer;

    public static CUstream NullStream => default;
}

/// <summary>An address in the device's memory.</summary>
public struct CUdeviceptr
{
    public SizeT Pointer;

    public CUdeviceptr(SizeT pointer) => Pointer = pointer;

    public static CUdeviceptr operator +(CUdeviceptr pointer, SizeT bytes) => new((ulong)pointer.Pointer + (ulong)bytes);

    public static CUdeviceptr operator -(CUdeviceptr pointer, SizeT bytes) => new((ulong)pointer.Pointer - (ulong)bytes);
}
