using System.Diagnostics;
using ActorInference.Gpu.Cpu;
using ActorInference.Gpu.Cuda.Devices;
using ActorInference.Gpu.Cuda.Forward;
using ActorInference.Gpu.Cuda.Native;
using ActorInference.Gpu.Models;
using ManagedCuda;
using ManagedCuda.BasicTypes;
using static ManagedCuda.DriverAPINativeMethods;

namespace ActorInference.Gpu.Benchmarks;

/// <summary>What a CUDA device does at best, measured beside whatever is compared with it: medians.</summary>
/// <param name="CopyBytesPerSecond">Read and written, by copies within the device's memory.</param>
/// <param name="DownloadBytesPerSecond">From the device into pinned memory.</param>
/// <param name="UploadBytesPerSecond">From pinned memory to the device.</param>
/// <param name="MatmulFlops">Multiplications and additions a second of a large product of random BF16 matrices, by cuBLASLt.</param>
public sealed record CudaPeak(double CopyBytesPerSecond, double DownloadBytesPerSecond, double UploadBytesPerSecond, double MatmulFlops)
{
    private const int Rounds = 10;
    private const int CopiesOfRound = 10;
    private const int ProductsOfRound = 10;

    /// <exception cref="Cuda.CudaMemoryException">There is no room.</exception>
    public static CudaPeak Measure(CudaDevice device, long copyBytes, int matmulSize)
    {
        double copy, download, upload;
        using (var from = device.Allocate(copyBytes, "measurements"))
        {
            using var host = device.AllocatePinned<byte>(copyBytes, "measurements");
            using (var to = device.Allocate(copyBytes, "measurements"))
            {
                copy = 2.0 * copyBytes * CopiesOfRound / Median(device, Rounds, () =>
                {
                    for (var i = 0; i < CopiesOfRound; i++)
                        device.Check(AsynchronousMemcpy_v2.cuMemcpyDtoDAsync_v2(to.DevicePointer, from.DevicePointer, copyBytes, device.Stream), "cuMemcpyDtoDAsync");
                });
            }

            download = copyBytes / Median(device, Rounds, () => device.Check(
                AsynchronousMemcpy_v2.cuMemcpyDtoHAsync_v2(host.PinnedHostPointer, from.DevicePointer, copyBytes, device.Stream), "cuMemcpyDtoHAsync"));
            upload = copyBytes / Median(device, Rounds, () => device.Check(
                AsynchronousMemcpy_v2.cuMemcpyHtoDAsync_v2(from.DevicePointer, host.PinnedHostPointer, copyBytes, device.Stream), "cuMemcpyHtoDAsync"));
        }

        return new CudaPeak(copy, download, upload, MeasureMatmul(device, matmulSize));
    }

    /// <summary>Seconds that the device takes, after a first time that is not counted.</summary>
    internal static double Median(CudaDevice device, int rounds, Action launch)
    {
        var seconds = new double[rounds];
        launch();
        device.Synchronize();
        for (var i = 0; i < rounds; i++)
        {
            var start = Stopwatch.GetTimestamp();
            launch();
            device.Synchronize();
            seconds[i] = Stopwatch.GetElapsedTime(start).TotalSeconds;
        }

        Array.Sort(seconds);
        return seconds[rounds / 2];
    }

    private static double MeasureMatmul(CudaDevice device, int size)
    {
        var bytes = 2L * size * size;
        using var weights = device.Allocate(bytes, "measurements");
        using var x = device.Allocate(bytes, "measurements");
        using var y = device.Allocate(bytes, "measurements");
        using var workspace = device.Allocate(CudaBuffers.WorkspaceBytes, "measurements");
        FillRandomly(device, weights, 1);
        FillRandomly(device, x, 2);
        using var product = new LtProduct(device, CublasLt.DataType.BF16, CublasLt.DataType.BF16, size, size, size, (ulong)workspace.DevicePointer.Pointer);
        var seconds = Median(device, Rounds, () =>
        {
            for (var i = 0; i < ProductsOfRound; i++) product.Run((ulong)weights.DevicePointer.Pointer, (ulong)x.DevicePointer.Pointer, (ulong)y.DevicePointer.Pointer);
        });
        return 2.0 * size * size * size * ProductsOfRound / seconds;
    }

    /// <summary>Numbers as weights and activations are: of zeros a product is faster.</summary>
    private static unsafe void FillRandomly(CudaDevice device, CudaDeviceVariable<byte> target, ulong seed)
    {
        const int stretch = 1 << 22;
        var length = (long)(ulong)target.SizeInBytes;
        var values = new float[Math.Min(stretch, length / 2)];
        NormalNumbers.Fill(seed << 40, 0, values);
        var narrow = new byte[values.Length * 2];
        WeightReader.Narrow(values, WeightDtype.BF16, narrow);
        fixed (byte* source = narrow)
        {
            for (var at = 0L; at < length; at += narrow.Length)
                device.Upload(target.DevicePointer + (SizeT)at, (nint)source, Math.Min(narrow.Length, length - at));
        }
    }
}
