using System.Diagnostics;
using ActorInference.Actors.Kv;
using ActorInference.Gpu.Cpu;
using ActorInference.Gpu.Cuda;
using ActorInference.Gpu.Cuda.Forward;
using ActorInference.Gpu.Cuda.Modules;
using ActorInference.Gpu.Engine;
using ActorInference.Gpu.Kv;
using ActorInference.Gpu.Models;
using ManagedCuda;
using ManagedCuda.BasicTypes;
using static ManagedCuda.DriverAPINativeMethods;

namespace ActorInference.Gpu.Benchmarks;

/// <summary>Attention of single queries alone.</summary>
/// <param name="Batch">Queries.</param>
/// <param name="ContextTokens">Keys of each.</param>
/// <param name="Microseconds">Of one layer.</param>
/// <param name="CopyFraction">Bytes of keys and values a second, as a part of what copies within the device reach.</param>
public sealed record CudaAttentionResult(int Batch, int ContextTokens, double Microseconds, double CopyFraction);

/// <summary>Whole pages from the device's pool to the host.</summary>
/// <param name="Pages">As many as were moved at once.</param>
/// <param name="PageBytes">Of one.</param>
/// <param name="DirectFraction">A copy for each page into pinned memory; as a part of the rate of one large copy.</param>
/// <param name="GatheredFraction">Gathered by a kernel, then one copy.</param>
/// <param name="StagedFraction">As tiers read them, into any memory.</param>
public sealed record CudaPagesResult(int Pages, int PageBytes, double DirectFraction, double GatheredFraction, double StagedFraction);

/// <summary>Measures parts of a step, and moves of pages, with a model's shape.</summary>
public sealed class CudaKernelBenchmark
{
    private const int Rounds = 10;
    private const int AttentionRounds = 4;
    private const int MostPages = 65535;   // Of a grid, along its second side.
    private const int GatherBlocks = 64;
    private const int GatherThreads = 256;

    private readonly CudaModel _model;
    private readonly CudaBenchmarkOptions _options;
    private readonly CudaPeak _peak;

    internal CudaKernelBenchmark(CudaModel model, CudaBenchmarkOptions options, CudaPeak peak) => (_model, _options, _peak) = (model, options, peak);

    /// <summary>All layers one after the other, so that no cache has what the next round reads.</summary>
    /// <exception cref="CudaMemoryException">Its pages do not fit.</exception>
    public CudaAttentionResult Attention(CudaBenchmarkCase wanted)
    {
        var (count, context) = wanted;
        var layout = _model.Layout(_options.PageSizeTokens);
        var each = layout.PagesFor(context);
        using var pool = _model.CreatePool(layout, each * count);
        Fill(pool);
        using var runner = new CudaModelRunner(_model.Weights, pool, new CudaRunnerOptions { MaxBatchTokens = count, MaxContextTokens = context });
        var batch = new ForwardBatch();
        for (var i = 0; i < count; i++) batch.Add([0], context - 1, [.. Enumerable.Range(i * each, each)], wantLogits: true);
        var seconds = CudaPeak.Median(_model.Device, Rounds, () => runner.LaunchAttention(batch, AttentionRounds)) / AttentionRounds;
        var bytes = (double)count * context * layout.PageBytes / layout.PageSizeTokens;
        return new CudaAttentionResult(count, context, 1e6 * seconds / layout.Layers, bytes / seconds / _peak.CopyBytesPerSecond);
    }

    /// <summary>As many pages as the bytes of a copy, every other one of a pool.</summary>
    /// <exception cref="CudaMemoryException">They do not fit.</exception>
    public CudaPagesResult Pages()
    {
        var device = _model.Device;
        var layout = _model.Layout(_options.PageSizeTokens);
        var count = (int)Math.Clamp(_options.CopyBytes / layout.PageBytes, 1, MostPages);
        var bytes = (long)count * layout.PageBytes;
        using var pool = _model.CreatePool(layout, 2 * count);
        using var host = device.AllocatePinned<byte>(bytes, "measurements");
        using var buffer = device.Allocate(bytes, "measurements");
        using var numbers = device.Allocate((long)count * sizeof(int), "measurements");
        using var launch = new KernelLaunch(device);
        int[] pages = [.. Enumerable.Range(0, count).Select(i => 2 * i)];
        Upload(numbers.DevicePointer, pages);
        var gather = new CudaKernel("gather_pages", device.Modules.Load("pages.cu"));
        var first = FirstByte(pool);
        var direct = CudaPeak.Median(device, Rounds, () => CopyEach(first, host.PinnedHostPointer, pages, layout.PageBytes));
        var gathered = CudaPeak.Median(device, Rounds, () =>
        {
            launch.With((ulong)buffer.DevicePointer.Pointer).With((ulong)first.Pointer).With((ulong)numbers.DevicePointer.Pointer).With(layout.PageBytes / 16).With((long)layout.PageBytes)
                .Run(gather, Math.Min(GatherBlocks, (layout.PageBytes / 16 + GatherThreads - 1) / GatherThreads), count, 1, GatherThreads);
            device.Check(AsynchronousMemcpy_v2.cuMemcpyDtoHAsync_v2(host.PinnedHostPointer, buffer.DevicePointer, bytes, device.Stream), "cuMemcpyDtoHAsync");
        });
        return new CudaPagesResult(count, layout.PageBytes, Fraction(bytes, direct), Fraction(bytes, gathered), Fraction(bytes, ReadEach(pool, pages)));
    }

    /// <summary>Keys and values that are numbers, and not all alike.</summary>
    private static void Fill(KvPagePool pool)
    {
        var (layout, page) = (pool.Layout, new byte[pool.Layout.PageBytes]);
        var values = new float[page.Length / layout.Dtype.HeadBytes(1)];
        NormalNumbers.Fill(3UL << 40, 0, values);
        var type = layout.Dtype switch { KvDtype.F32 => WeightDtype.F32, KvDtype.F16 => WeightDtype.F16, _ => WeightDtype.BF16 };
        WeightReader.Narrow(values, type, page);
        for (var i = 0; i < pool.CapacityPages; i++) pool.Write(i, page);
    }

    private double Fraction(long bytes, double seconds) => bytes / seconds / _peak.DownloadBytesPerSecond;

    private static unsafe CUdeviceptr FirstByte(KvPagePool pool) => new((ulong)pool.Address(0));

    private unsafe void Upload(CUdeviceptr target, int[] values)
    {
        fixed (int* source = values) _model.Device.Upload(target, (nint)source, (long)values.Length * sizeof(int));
    }

    private void CopyEach(CUdeviceptr first, nint host, int[] pages, int pageBytes)
    {
        for (var i = 0; i < pages.Length; i++)
        {
            var source = first + (SizeT)((long)pages[i] * pageBytes);
            _model.Device.Check(AsynchronousMemcpy_v2.cuMemcpyDtoHAsync_v2(host + (nint)((long)i * pageBytes), source, pageBytes, _model.Device.Stream), "cuMemcpyDtoHAsync");
        }
    }

    private static double ReadEach(KvPagePool pool, int[] pages)
    {
        var target = new byte[pool.Layout.PageBytes];
        List<double> seconds = [];
        for (var round = 0; round <= Rounds; round++)
        {
            var start = Stopwatch.GetTimestamp();
            foreach (var page in pages) pool.Read(page, target);
            // The first time is for what is done once.
            if (round > 0) seconds.Add(Stopwatch.GetElapsedTime(start).TotalSeconds);
        }

        return CudaBenchmark.Median(seconds);
    }
}
