using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using ActorInference.Gpu.Cpu;

namespace ActorInference.Gpu.Benchmarks;

/// <summary>
/// What the processor can do at most, measured with the threads and the vector width that a runner uses: the figures
/// that a runner's own are held against. Measure it beside the runner; on a shared machine it changes by the second.
/// </summary>
public sealed unsafe class MachinePeak : IDisposable
{
    private const int FmaIterations = 20_000;
    private const int FmaItemsPerThread = 64;
    private const int ReadItemBytes = 1 << 20;

    private static readonly TimeSpan DefaultMeasureTime = TimeSpan.FromMilliseconds(250);

    private readonly ComputeThreads _threads;
    private readonly TimeSpan _measureTime;
    private readonly int _vectorFloats;
    private readonly FmaWork _fma;
    private readonly ReadWork _read;

    /// <param name="threads">Threads, the caller's included.</param>
    /// <param name="simd">Vector width.</param>
    /// <param name="readBytes">Size of the buffer that is read; several times the caches.</param>
    /// <param name="measureTime">Of each measurement. Default 250 ms.</param>
    public MachinePeak(int threads, SimdLevel simd, long readBytes = 512L << 20, TimeSpan? measureTime = null)
    {
        _measureTime = measureTime ?? DefaultMeasureTime;
        _threads = new ComputeThreads(threads);
        _fma = new FmaWork(PeakKernels.Fma(simd));
        _read = new ReadWork(PeakKernels.Read(simd), readBytes);
        _vectorFloats = (int)simd / 32;
    }

    /// <summary>Floating-point operations per second, in 10^9, of multiply-adds that touch nothing but registers.</summary>
    public double MeasureGflops()
    {
        var items = FmaItemsPerThread * _threads.Count;
        return RunsPerSecond(_fma, items) * items * 2 * _vectorFloats * PeakKernels.Chains * FmaIterations / 1e9;
    }

    /// <summary>Bytes per second, in 10^9, of reading memory from front to back.</summary>
    public double MeasureMemoryGigabytesPerSecond()
    {
        var items = (int)(_read.LengthBytes / ReadItemBytes);
        return RunsPerSecond(_read, items) * items * ReadItemBytes / 1e9;
    }

    /// <summary>Long enough that a moment in which another process had the core does not decide.</summary>
    private double RunsPerSecond(ComputeWork work, int items)
    {
        var start = Stopwatch.GetTimestamp();
        var runs = 0;
        do
        {
            _threads.Run(work, items);
            runs++;
        }
        while (Stopwatch.GetElapsedTime(start) < _measureTime);
        return runs / Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    public void Dispose()
    {
        _threads.Dispose();
        _read.Dispose();
    }

    private sealed class FmaWork(delegate*<int, float> kernel) : ComputeWork
    {
        private readonly delegate*<int, float> _kernel = kernel;
        private float _sink;

        public override void Execute(int item, int worker) => Volatile.Write(ref _sink, _kernel(FmaIterations));
    }

    private sealed class ReadWork : ComputeWork, IDisposable
    {
        private readonly delegate*<float*, long, float> _kernel;
        private readonly NativeBuffer _buffer;
        private float _sink;

        public ReadWork(delegate*<float*, long, float> kernel, long bytes)
        {
            _kernel = kernel;
            _buffer = new NativeBuffer(bytes);
            // Memory that nobody has written is one page of zeros, over and over, and read out of the caches.
            for (long at = 0; at < LengthBytes; at += ReadItemBytes) new Span<byte>(_buffer.Data + at, (int)Math.Min(ReadItemBytes, LengthBytes - at)).Fill(1);
        }

        public long LengthBytes => _buffer.LengthBytes;

        public override void Execute(int item, int worker) =>
            Volatile.Write(ref _sink, _kernel((float*)(_buffer.Data + (long)item * ReadItemBytes), ReadItemBytes / sizeof(float)));

        public void Dispose() => _buffer.Dispose();
    }
}

/// <summary>The plainest kernels: multiply-adds in registers, sums over memory.</summary>
internal static unsafe class PeakKernels
{
    /// <summary>Independent sums: as many as hide a multiply-add's latency, fewer than there are registers.</summary>
    public const int Chains = 12;

    public static delegate*<int, float> Fma(SimdLevel simd) => simd switch
    {
        SimdLevel.Bits512 => &MultiplyAdd<Simd512, Vector512<float>>,
        SimdLevel.Bits256 => &MultiplyAdd<Simd256, Vector256<float>>,
        _ => &MultiplyAdd<Simd128, Vector128<float>>,
    };

    public static delegate*<float*, long, float> Read(SimdLevel simd) => simd switch
    {
        SimdLevel.Bits512 => &Sum<Simd512, Vector512<float>>,
        SimdLevel.Bits256 => &Sum<Simd256, Vector256<float>>,
        _ => &Sum<Simd128, Vector128<float>>,
    };

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float MultiplyAdd<S, V>(int iterations)
        where S : struct, ISimd<V>
        where V : struct
    {
        V x = S.Broadcast(1e-3f), y = S.Broadcast(0.999f);
        V a = S.Zero, b = S.Zero, c = S.Zero, d = S.Zero, e = S.Zero, f = S.Zero, g = S.Zero, h = S.Zero, i = S.Zero, j = S.Zero, k = S.Zero, l = S.Zero;
        for (var n = 0; n < iterations; n++)
        {
            a = S.Fma(x, y, a); b = S.Fma(x, y, b); c = S.Fma(x, y, c); d = S.Fma(x, y, d);
            e = S.Fma(x, y, e); f = S.Fma(x, y, f); g = S.Fma(x, y, g); h = S.Fma(x, y, h);
            i = S.Fma(x, y, i); j = S.Fma(x, y, j); k = S.Fma(x, y, k); l = S.Fma(x, y, l);
        }

        return S.Sum(S.Add(S.Add(S.Add(a, b), S.Add(c, d)), S.Add(S.Add(S.Add(e, f), S.Add(g, h)), S.Add(S.Add(i, j), S.Add(k, l)))));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float Sum<S, V>(float* data, long count)
        where S : struct, ISimd<V>
        where V : struct
    {
        V a = S.Zero, b = S.Zero, c = S.Zero, d = S.Zero;
        for (long i = 0; i <= count - 4 * S.Count; i += 4 * S.Count)
        {
            a = S.Add(a, S.Load(data + i));
            b = S.Add(b, S.Load(data + i + S.Count));
            c = S.Add(c, S.Load(data + i + 2 * S.Count));
            d = S.Add(d, S.Load(data + i + 3 * S.Count));
        }

        return S.Sum(S.Add(S.Add(a, b), S.Add(c, d)));
    }
}
