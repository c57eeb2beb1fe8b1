using System.Runtime.InteropServices;

namespace ActorInference.Gpu.Cuda.Native;

/// <summary>cuBLASLt, which ManagedCuda does not have: the functions of NVIDIA's cublasLt.h that a product needs.</summary>
internal static unsafe partial class CublasLt
{
    public const int ComputeF32 = 68;
    public const int TransposeA = 3;
    public const int OperationTranspose = 1;
    public const int MaxWorkspaceBytes = 1;

    private const string Library = NativeLibraries.CublasLt;

    static CublasLt() => NativeLibraries.Register();

    /// <summary>cudaDataType_t of the library.</summary>
    public enum DataType
    {
        F32 = 0,
        F16 = 2,
        BF16 = 14,
    }

    /// <summary>cublasLtMatmulHeuristicResult_t: an algorithm, and the workspace it needs.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct Heuristic
    {
        public fixed ulong Algorithm[8];
        public nuint WorkspaceBytes;
        public int Status;
        public float Waves;
        public fixed int Reserved[4];
    }

    /// <summary>Whether the library is there.</summary>
    public static bool IsPresent => NativeLibraries.Find(Library) != 0;

    /// <exception cref="CudaLibraryException">The call failed.</exception>
    public static void Check(int status, string call)
    {
        if (status != 0) throw new CudaLibraryException($"{call} of cuBLASLt answers {status}.");
    }

    [LibraryImport(Library, EntryPoint = "cublasLtCreate")]
    public static partial int Create(out nint handle);

    [LibraryImport(Library, EntryPoint = "cublasLtDestroy")]
    public static partial int Destroy(nint handle);

    [LibraryImport(Library, EntryPoint = "cublasLtMatmulDescCreate")]
    public static partial int CreateOperation(out nint operation, int computeType, DataType scaleType);

    [LibraryImport(Library, EntryPoint = "cublasLtMatmulDescDestroy")]
    public static partial int DestroyOperation(nint operation);

    [LibraryImport(Library, EntryPoint = "cublasLtMatmulDescSetAttribute")]
    public static partial int SetOperationAttribute(nint operation, int attribute, void* value, nuint bytes);

    [LibraryImport(Library, EntryPoint = "cublasLtMatrixLayoutCreate")]
    public static partial int CreateLayout(out nint layout, DataType type, ulong rows, ulong columns, long leadingDimension);

    [LibraryImport(Library, EntryPoint = "cublasLtMatrixLayoutDestroy")]
    public static partial int DestroyLayout(nint layout);

    [LibraryImport(Library, EntryPoint = "cublasLtMatmulPreferenceCreate")]
    public static partial int CreatePreference(out nint preference);

    [LibraryImport(Library, EntryPoint = "cublasLtMatmulPreferenceDestroy")]
    public static partial int DestroyPreference(nint preference);

    [LibraryImport(Library, EntryPoint = "cublasLtMatmulPreferenceSetAttribute")]
    public static partial int SetPreferenceAttribute(nint preference, int attribute, void* value, nuint bytes);

    [LibraryImport(Library, EntryPoint = "cublasLtMatmulAlgoGetHeuristic")]
    public static partial int FindAlgorithm(
        nint handle, nint operation, nint a, nint b, nint c, nint d, nint preference, int wanted, Heuristic* results, int* found);

    [LibraryImport(Library, EntryPoint = "cublasLtMatmul")]
    public static partial int Multiply(
        nint handle, nint operation, float* alpha, ulong a, nint aLayout, ulong b, nint bLayout, float* beta, ulong c, nint cLayout,
        ulong d, nint dLayout, void* algorithm, ulong workspace, nuint workspaceBytes, nint stream);
}
