using ActorInference.Gpu.Cuda.Native;
using ManagedCuda;
using ManagedCuda.BasicTypes;
using ManagedCuda.NVRTC;

namespace ActorInference.Gpu.Cuda.Devices;

/// <summary>Finds out what there is of CUDA. A machine without any of it is a machine like others.</summary>
public static class CudaProbe
{
    /// <summary>The kernels use what came with sm_80: asynchronous copies and products of BF16 matrices.</summary>
    private static readonly Version LeastCapability = new(8, 0);

    private static readonly Version LeastDriver = new(12, 0);

    /// <summary>Asks driver and libraries; never throws for what is missing.</summary>
    public static CudaMachine Look()
    {
        try
        {
            var count = CudaContext.GetDeviceCount();
            if (count == 0) return new CudaMachine([], "the NVIDIA driver is there, but no device");
            var libraries = MissingLibraries();
            return new CudaMachine([.. Enumerable.Range(0, count).Select(index => Describe(index, libraries))], null);
        }
        catch (Exception missing) when (IsMissing(missing))
        {
            return new CudaMachine([], "libcuda.so.1 is not found: this machine has no NVIDIA driver");
        }
        catch (CudaException failure) when (failure.CudaError == CUResult.ErrorNoDevice)
        {
            return new CudaMachine([], "the NVIDIA driver is there, but no device");
        }
        catch (CudaException failure)
        {
            return new CudaMachine([], $"the NVIDIA driver answers {failure.CudaError} ({(int)failure.CudaError})");
        }
    }

    private static CudaDeviceInfo Describe(int index, string? libraries)
    {
        var properties = CudaContext.GetDeviceInfo(index);
        var driver = CudaContext.GetDriverVersion();
        var unusable = properties.ComputeCapability < LeastCapability
            ? $"compute capability {properties.ComputeCapability}; {LeastCapability} or later is needed"
            : driver < LeastDriver ? $"the driver is for CUDA {driver}; {LeastDriver} or later is needed" : libraries;
        return new CudaDeviceInfo(index, properties.DeviceName, properties.ComputeCapability, (long)(ulong)properties.TotalGlobalMemory, unusable);
    }

    /// <returns>Null if all are there.</returns>
    private static string? MissingLibraries()
    {
        try
        {
            CudaRuntimeCompiler.GetVersion();
        }
        catch (Exception missing) when (IsMissing(missing))
        {
            return "libnvrtc.so.12 or .13 is not found; install CUDA's NVRTC, or name its folder by ACTORINFERENCE_CUDA_PATH";
        }

        return CublasLt.IsPresent ? null : "libcublasLt.so.12 or .13 is not found; install CUDA's cuBLAS, or name its folder by ACTORINFERENCE_CUDA_PATH";
    }

    private static bool IsMissing(Exception failure) => failure is DllNotFoundException or EntryPointNotFoundException or BadImageFormatException;
}
