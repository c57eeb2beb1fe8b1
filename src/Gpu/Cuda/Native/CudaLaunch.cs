using System.Runtime.InteropServices;
using ManagedCuda;
using ManagedCuda.BasicTypes;

namespace ActorInference.Gpu.Cuda.Native;

/// <summary>Launches with attributes, of NVIDIA's cuda.h: for kernels that may begin while the one before them ends.</summary>
internal static unsafe partial class CudaLaunch
{
    private const int ProgrammaticStreamSerialization = 6;

    static CudaLaunch() => NativeLibraries.Register();

    /// <summary>Launches a kernel that itself waits for the one before it; kernels that do not are launched in the ordinary way.</summary>
    /// <param name="parameters">Address of each argument's address.</param>
    public static CUResult RunOverlapping(CudaKernel kernel, (int X, int Y, int Z) grid, int threads, int sharedBytes, CUstream stream, nint[] parameters)
    {
        var attribute = new Attribute { Id = ProgrammaticStreamSerialization, Value = 1 };
        var config = new Config
        {
            GridX = (uint)grid.X,
            GridY = (uint)grid.Y,
            GridZ = (uint)grid.Z,
            BlockX = (uint)threads,
            BlockY = 1,
            BlockZ = 1,
            SharedBytes = (uint)sharedBytes,
            Stream = stream.Pointer,
            Attributes = &attribute,
            AttributeCount = 1,
        };
        fixed (nint* first = parameters) return (CUResult)Launch(&config, kernel.CUFunction.Pointer, first, null);
    }

    [LibraryImport(NativeLibraries.Driver, EntryPoint = "cuLaunchKernelEx")]
    private static partial int Launch(Config* config, nint function, nint* parameters, void** extra);

    /// <summary>CUlaunchConfig.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct Config
    {
        public uint GridX, GridY, GridZ, BlockX, BlockY, BlockZ, SharedBytes;
        public nint Stream;
        public Attribute* Attributes;
        public uint AttributeCount;
    }

    /// <summary>CUlaunchAttribute: its value may have 64 bytes, from the eighth on.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 72)]
    private struct Attribute
    {
        [FieldOffset(0)]
        public int Id;

        [FieldOffset(8)]
        public int Value;
    }
}
