using System.Runtime.InteropServices;

namespace ActorInference.Gpu.Cuda.Native;

/// <summary>Memory of a device shared between processes of one host: the functions of NVIDIA's cuda.h, of which ManagedCuda has only the bare handles.</summary>
internal static unsafe partial class CudaIpc
{
    public const int HandleBytes = 64;

    private const uint LazyPeerAccess = 1;

    static CudaIpc() => NativeLibraries.Register();

    /// <summary>CUipcMemHandle: bytes that mean something to the driver alone.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct Handle
    {
        public fixed byte Bytes[HandleBytes];
    }

    /// <summary>Makes memory that this process has allocated known to others.</summary>
    /// <returns>The driver's answer.</returns>
    public static int Share(ulong address, out Handle handle) => GetHandle(out handle, address);

    /// <summary>Opens another process's memory; its address here.</summary>
    /// <returns>The driver's answer.</returns>
    public static int Open(Handle handle, out ulong address) => OpenHandle(out address, handle, LazyPeerAccess);

    [LibraryImport(NativeLibraries.Driver, EntryPoint = "cuIpcCloseMemHandle")]
    public static partial int Close(ulong address);

    [LibraryImport(NativeLibraries.Driver, EntryPoint = "cuIpcGetMemHandle")]
    private static partial int GetHandle(out Handle handle, ulong address);

    [LibraryImport(NativeLibraries.Driver, EntryPoint = "cuIpcOpenMemHandle_v2")]
    private static partial int OpenHandle(out ulong address, Handle handle, uint flags);
}
