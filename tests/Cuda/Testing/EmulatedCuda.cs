using System.Globalization;
using System.Runtime.InteropServices;
using ActorInference.Gpu.Cuda.Devices;
using ManagedCuda;
using ManagedCuda.BasicTypes;

namespace ActorInference.Cuda.Tests.Testing;

/// <summary>
/// CUDA without a GPU: driver, NVRTC, cuBLASLt and NCCL of tests/Cuda/Emulator, compiled once for the test process. Kernels then run on the
/// processor, from the texts that a device would get.
/// </summary>
internal static partial class EmulatedCuda
{
    private static readonly Lazy<string> Folder = new(Build);

    /// <summary>Compiled kernels, for all tests of the process.</summary>
    public static string CacheFolder => Path.Combine(Folder.Value, "actor-inference", "kernels");

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

    /// <summary>Has a kernel fail.</summary>
    /// <param name="fault">What the driver answers from then on.</param>
    /// <param name="kernels">Which from now, from 1.</param>
    public static unsafe void Fault(CUResult fault, int kernels) => ((delegate* unmanaged<int, int, int>)Find("emulated_fault"))((int)fault, kernels);

    /// <summary>Nothing that was launched ends, from now on until <see cref="Reset"/>.</summary>
    public static unsafe void Hang() => ((delegate* unmanaged<int, int>)Find("emulated_hang"))(1);

    /// <summary>Calls since then that would have waited for ever.</summary>
    public static unsafe int CallsWhileHung => ((delegate* unmanaged<int>)Find("emulated_calls_while_hung"))();

    /// <summary>Kernels that were launched so that they may begin while the one before them ends.</summary>
    public static unsafe int OverlappingLaunches => ((delegate* unmanaged<int>)Find("emulated_overlapping_launches"))();

    /// <summary>Has the driver show so many devices, 1 to 8, to this process and to those that it starts from now on.</summary>
    public static void SetDevices(int count) => Set("ACTORINFERENCE_EMULATED_DEVICES", count.ToString(CultureInfo.InvariantCulture));

    /// <summary>Where the emulated libraries are.</summary>
    public static string LibraryFolder => Folder.Value;

    /// <summary>Refuses the next allocations on the device.</summary>
    public static unsafe void RefuseMemory(int allocations) => ((delegate* unmanaged<int, int>)Find("emulated_refuse_memory"))(allocations);

    private static nint Find(string function) => NativeLibrary.GetExport(NativeLibrary.Load(Path.Combine(Folder.Value, "libcuda.so.1")), function);

    private static string Build()
    {
        var emulator = Path.Combine(AppContext.BaseDirectory, "Emulator");
        var folder = Directory.CreateTempSubdirectory("emulated-cuda-").FullName;
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Directory.Delete(folder, recursive: true);
        (string Source, string Library)[] libraries = [("libcuda.cpp", "libcuda.so.1"), ("libnvrtc.cpp", "libnvrtc.so.13"), ("libcublasLt.cpp", "libcublasLt.so.13"), ("libnccl.cpp", "libnccl.so.2")];
        Parallel.ForEach(libraries, library => Clang.Run("-std=c++17", "-O2", "-fPIC", "-shared", "-o", Path.Combine(folder, library.Library), Path.Combine(emulator, library.Source)));

        // The native libraries read the process's own environment, of which .NET's is a copy; the bindings read .NET's.
        // Programs that tests start find the device, and the kernels that are compiled already, by them too.
        (string Name, string Value)[] variables =
            [("ACTORINFERENCE_CUDA_PATH", folder), ("ACTORINFERENCE_CLANG", Clang.Newest.Path!), ("ACTORINFERENCE_EMULATOR", emulator), ("XDG_DATA_HOME", folder)];
        foreach (var (name, value) in variables) Set(name, value);
        return folder;
    }

    private static void Set(string name, string value)
    {
        Environment.SetEnvironmentVariable(name, value);
        Assert.Equal(0, SetVariable(name, value, 1));
    }

    [LibraryImport("libc", EntryPoint = "setenv", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int SetVariable(string name, string value, int overwrite);
}
