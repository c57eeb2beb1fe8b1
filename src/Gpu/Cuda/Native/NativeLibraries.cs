using System.Reflection;
using System.Runtime.InteropServices;

namespace ActorInference.Gpu.Cuda.Native;

/// <summary>NVIDIA's libraries by their versioned names, which is what a machine without developer packages has.</summary>
internal static class NativeLibraries
{
    public const string CublasLt = "cublasLt";
    public const string Driver = "cudaDriver";
    public const string Nccl = "nccl";

    private const string PathVariable = "ACTORINFERENCE_CUDA_PATH";

    static NativeLibraries() => NativeLibrary.SetDllImportResolver(Assembly.GetExecutingAssembly(), static (name, _, _) => Find(name));

    /// <summary>Must have been called before a function of one of them is.</summary>
    public static void Register()
    {
        // The static constructor does it, once.
    }

    /// <returns>0 if it is not there.</returns>
    public static nint Find(string library)
    {
        var folder = Environment.GetEnvironmentVariable(PathVariable);
        foreach (var name in Names(library))
        {
            if (!string.IsNullOrEmpty(folder) && NativeLibrary.TryLoad(Path.Combine(folder, name), out var handle)) return handle;
            if (NativeLibrary.TryLoad(name, out handle)) return handle;
        }

        return 0;
    }

    private static string[] Names(string library) => (library, OperatingSystem.IsWindows()) switch
    {
        (CublasLt, true) => ["cublasLt64_13.dll", "cublasLt64_12.dll"],
        (CublasLt, false) => ["libcublasLt.so.13", "libcublasLt.so.12", "libcublasLt.so"],
        (Nccl, false) => ["libnccl.so.2", "libnccl.so"],
        (Driver, true) => ["nvcuda.dll"],
        (Driver, false) => ["libcuda.so.1", "libcuda.so"],
        _ => [],
    };
}
