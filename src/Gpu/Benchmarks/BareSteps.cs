using System.Diagnostics;
using ActorInference.Gpu.Cpu;

namespace ActorInference.Gpu.Benchmarks;

/// <summary>
/// Steps of the plainest kind: reading as much memory each time. How even they are is what the machine allows anybody, whatever it computes. One caller at a time.
/// </summary>
public sealed unsafe class BareSteps : IDisposable
{
    private const int ItemBytes = 1 << 20;
    private const int MultiplyIterations = 20_000;

    private readonly delegate*<float*, long, float> _read = PeakKernels.Read(SimdLevels.Best);
    private readonly NativeBuffer _buffer;
    private readonly int _items;
    private float _sink;

    /// <param name="bytes">That are read over and over; several times the caches.</param>
    public BareSteps(long bytes)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(bytes, ItemBytes);
        _buffer = new NativeBuffer(bytes);
        _items = (int)(bytes / ItemBytes);
        // Memory that nobody has written is one page of zeros, over and over, and read out of the caches.
        for (var item = 0; item < _items; item++) new Span<byte>(_buffer.Data + (long)item * ItemBytes, ItemBytes).Fill(1);
    }

    /// <summary>Reads, step by step, on the calling thread.</summary>
    /// <param name="steps">That are measured.</param>
    /// <param name="length">About what each is to take; each reads as many bytes as that is, by what reading all of them took.</param>
    /// <returns>Milliseconds that each took.</returns>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public double[] Measure(int steps, TimeSpan length, CancellationToken stop)
    {
        Read(0, _items);
        var began = Stopwatch.GetTimestamp();
        Read(0, _items);
        var items = Math.Max(1, (int)(length / (Stopwatch.GetElapsedTime(began) / _items)));
        var measured = new double[steps];
        for (var (step, from) = (0, 0); step < steps; step++, from = (from + items) % _items)
        {
            stop.ThrowIfCancellationRequested();
            began = Stopwatch.GetTimestamp();
            Read(from, items);
            measured[step] = Stopwatch.GetElapsedTime(began).TotalMilliseconds;
        }

        return measured;
    }

    /// <summary>Multiplies and adds in registers, on the calling thread, until it is cancelled.</summary>
    /// <returns>A number that nobody needs.</returns>
    public static float Multiply(CancellationToken stop)
    {
        var kernel = PeakKernels.Fma(SimdLevels.Best);
        var sink = 0f;
        while (!stop.IsCancellationRequested) sink += kernel(MultiplyIterations);
        return sink;
    }

    public void Dispose() => _buffer.Dispose();

    private void Read(int from, int items)
    {
        for (var item = from; item < from + items; item++)
            Volatile.Write(ref _sink, _read((float*)(_buffer.Data + (long)(item % _items) * ItemBytes), ItemBytes / sizeof(float)));
    }
}
