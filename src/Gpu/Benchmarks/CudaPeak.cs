using System.Diagnostics;
using ActorInference.Gpu.Cuda.Devices;
using ManagedCuda;

namespace ActorInference.Gpu.Benchmarks;

/// <summary>What a CUDA device copies at best, measured beside whatever is compared with it.</summary>
internal static class CudaPeak
{
    private const long Bytes = 1L << 30;
    private const int Rounds = 10;

    /// <summary>Bytes read and written a second by copies within the device's memory.</summary>
    public static double CopyBytesPerSecond(CudaDevice device)
    {
        using var from = device.Allocate(Bytes, "measurements");
        using var to = device.Allocate(Bytes, "measurements");
        var seconds = Median(device, () => device.Check(
            DriverAPINativeMethods.AsynchronousMemcpy_v2.cuMemcpyDtoDAsync_v2(to.DevicePointer, from.DevicePointer, Bytes, device.Stream), "cuMemcpyDtoDAsync"));
        return 2 * Bytes / seconds;
    }

    /// <summary>Bytes a second from the device into pinned memory.</summary>
    public static double DownloadBytesPerSecond(CudaDevice device)
    {
        using var from = device.Allocate(Bytes, "measurements");
        using var to = new CudaPageLockedHostMemory<byte>(Bytes);
        var seconds = Median(device, () => device.Check(
            DriverAPINativeMethods.AsynchronousMemcpy_v2.cuMemcpyDtoHAsync_v2(to.PinnedHostPointer, from.DevicePointer, Bytes, device.Stream), "cuMemcpyDtoHAsync"));
        return Bytes / seconds;
    }

    private static double Median(CudaDevice device, Action launch)
    {
        var seconds = new double[Rounds];
        launch();
        device.Synchronize();
        for (var i = 0; i < Rounds; i++)
        {
            var start = Stopwatch.GetTimestamp();
            launch();
            device.Synchronize();
            seconds[i] = Stopwatch.GetElapsedTime(start).TotalSeconds;
        }

        Array.Sort(seconds);
        return seconds[Rounds / 2];
    }
}
