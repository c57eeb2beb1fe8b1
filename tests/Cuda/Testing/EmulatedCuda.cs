using System.Runtime.InteropServices;
using ActorInference.Gpu.Cuda.Devices;
using ManagedCuda;

namespace ActorInference.Cuda.Tests.Testing;

/// <summary>
/// CUDA without a GPU: driver, NVRTC and cuBLASLt of tests/Cuda/Emulator, compiled once for the test process. Kernels then run on the
/// processor, from the texts that a device would get.
/// </summary>
internal static partial class EmulatedCuda
{
    private static readonly Lazy<string> Folder = new(Build);

    /// <summary>Compiled kernels, for all tests of the process.</summary>
    public static string CacheFolder => Path.Combine(Folder.Value, "kernels");

    /// <summary>Skips the test where nothing can be compiled.</summary>
    public static void Require()
    {
        Skip.If(Clang.Newest.Path is null, "No clang++-14 or later is installed.");
        Skip.IfNot(RuntimeInformation.ProcessArchitecture is Architecture.X64 or Architecture.Arm64, "The emulator's fibers are written for x86-64 and AArch64.");
        _ = Folder.Value;
    }

    /// <summary>The emulated device.</summary>
    public static CudaDevice Open()
    {
        Require();
        return new CudaDevice(0, CacheFolder);
    }

    /// <summary>After a fault: the device as new.</summary>
    public static void Reset() => PrimaryContext.Reset(0);

    private static string Build()
    {
        var emulator = Path.Combine(AppContext.BaseDirectory, "Emulator");
        var folder = Directory.CreateTempSubdirectory("emulated-cuda-").FullName;
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Directory.Delete(folder, recursive: true);
        (string Source, string Library)[] libraries = [("libcuda.cpp", "libcuda.so.1"), ("libnvrtc.cpp", "libnvrtc.so.13"), ("libcublasLt.cpp", "libcublasLt.so.13")];
        Parallel.ForEach(libraries, library => Clang.Run("-std=c++17", "-O2", "-fPIC", "-shared", "-o", Path.Combine(folder, library.Library), Path.Combine(emulator, library.Source)));

        // The native libraries read the process's own environment, of which .NET's is a copy; the bindings read .NET's.
        (string Name, string Value)[] variables = [("ACTORINFERENCE_CUDA_PATH", folder), ("ACTORINFERENCE_CLANG", Clang.Newest.Path!), ("ACTORINFERENCE_EMULATOR", emulator)];
        foreach (var (name, value) in variables)
        {
            Environment.SetEnvironmentVariable(name, value);
            Assert.Equal(0, SetVariable(name, value, 1));
        }

        return folder;
    }

    [LibraryImport("libc", EntryPoint = "setenv", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int SetVariable(string name, string value, int overwrite);
}
