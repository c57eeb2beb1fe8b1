using ActorInference.Cuda.Tests.Testing;
using ActorInference.Gpu.Cuda;
using ActorInference.Gpu.Cuda.Devices;
using ActorInference.Gpu.Cuda.Modules;
using ManagedCuda;

namespace ActorInference.Cuda.Tests.Runner;

/// <summary>The device itself: found, out of memory, broken, and what is kept of compiled kernels.</summary>
public sealed class DeviceTests
{
    [SkippableFact]
    public void A_device_is_found_with_what_it_is()
    {
        EmulatedCuda.Require();

        var machine = CudaProbe.Look();

        Assert.Null(machine.Reason);
        var device = Assert.Single(machine.Devices);
        Assert.Equal((0, "Emulated device", new Version(9, 0), null), (device.Index, device.Name, device.ComputeCapability, device.Unusable));
        Assert.Equal(device, machine.FirstUsable);
    }

    [SkippableFact]
    public void More_memory_than_there_is_is_an_error_that_says_so()
    {
        EmulatedCuda.Require();
        using var device = EmulatedCuda.Open();
        var free = device.FreeBytes;

        var error = Assert.Throws<CudaMemoryException>(() => device.Allocate(1L << 40, "weights"));

        Assert.Contains("weights need 1,099,511,627,776", error.Message);
        Assert.Equal(free, device.FreeBytes);
    }

    [SkippableFact]
    public void After_a_fault_every_call_says_that_the_device_is_lost()
    {
        EmulatedCuda.Require();
        var device = EmulatedCuda.Open();
        try
        {
            using var launch = new KernelLaunch(device);
            var module = device.Modules.LoadText(
                "fault.cu",
                """
                #include "device.cuh"
                KERNEL(64, half_waits)(int) { if (thread_x() < 32) block_barrier(); else { block_barrier(); block_barrier(); } }
                KERNELS(half_waits)
                """);

            Assert.Throws<CudaDeviceLostException>(() =>
            {
                launch.With(0).Run(new CudaKernel("half_waits", module), 1, 1, 1, 64);
                device.Synchronize();
            });
            Assert.Throws<CudaDeviceLostException>(device.Synchronize);
            Assert.Throws<CudaDeviceLostException>(device.Enter);
            Assert.True(device.WhenLost.IsCancellationRequested, "Whoever runs the process hears of it.");
        }
        finally
        {
            device.Dispose();
            EmulatedCuda.Reset();
        }
    }

    [SkippableFact]
    public void A_kernel_that_does_not_compile_is_an_error_with_the_compilers_words()
    {
        EmulatedCuda.Require();
        using var device = EmulatedCuda.Open();

        var error = Assert.Throws<CudaLibraryException>(() => device.Modules.LoadText("broken.cu", "#include \"device.cuh\"\nKERNEL(32, broken)(int) { no_such_function(); }"));

        Assert.Contains("broken.cu does not compile", error.Message);
        Assert.Contains("no_such_function", error.Message);
    }

    [SkippableFact]
    public void Compiled_kernels_are_kept_by_all_that_they_depend_on()
    {
        EmulatedCuda.Require();
        var folder = Directory.CreateTempSubdirectory("kernels-");
        try
        {
            int Compiled(string definition)
            {
                using var device = new CudaDevice(0, folder.FullName);
                device.Modules.Load("embed.cu", definition);
                return device.Modules.CompiledCount;
            }

            Assert.Equal([1, 0, 1, 0], new[] { Compiled("ACT=float"), Compiled("ACT=float"), Compiled("ACT=bf16"), Compiled("ACT=bf16") });
            Assert.Equal(2, folder.GetFiles("embed-*.cubin").Length);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}
