using System.Diagnostics;

namespace ActorInference.Cache.Benchmarks;

/// <summary>What a process has used so far.</summary>
/// <param name="Cpu">Time of all its threads.</param>
/// <param name="Collecting">Time that garbage collections stopped it.</param>
/// <param name="AllocatedBytes">Managed memory that it took.</param>
internal readonly record struct CpuCount(TimeSpan Cpu, TimeSpan Collecting, long AllocatedBytes)
{
    public static CpuCount Now()
    {
        using var process = Process.GetCurrentProcess();
        return new CpuCount(process.TotalProcessorTime, GC.GetTotalPauseDuration(), GC.GetTotalAllocatedBytes(precise: true));
    }

    public static CpuCount operator +(CpuCount a, CpuCount b) => new(a.Cpu + b.Cpu, a.Collecting + b.Collecting, a.AllocatedBytes + b.AllocatedBytes);

    public static CpuCount operator -(CpuCount a, CpuCount b) => new(a.Cpu - b.Cpu, a.Collecting - b.Collecting, a.AllocatedBytes - b.AllocatedBytes);

    /// <summary>Collecting and allocating as a part of all.</summary>
    /// <param name="secondsPerByte">What allocating costs here.</param>
    public double AllocationShare(double secondsPerByte) =>
        Cpu == TimeSpan.Zero ? 0 : AllocationTime(secondsPerByte) / Cpu.TotalSeconds;

    /// <summary>Collecting and allocating, in seconds.</summary>
    /// <inheritdoc cref="AllocationShare"/>
    public double AllocationTime(double secondsPerByte) => Collecting.TotalSeconds + AllocatedBytes * secondsPerByte;

    /// <summary>What taking a byte of managed memory costs on this machine, in objects of the size that messages have.</summary>
    public static double MeasureSecondsPerByte()
    {
        const int objects = 1 << 18;
        var keep = new object?[64];
        var (before, start) = (GC.GetAllocatedBytesForCurrentThread(), Stopwatch.GetTimestamp());
        for (var i = 0; i < objects; i++) keep[i % keep.Length] = new int[64];
        var seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        GC.KeepAlive(keep);
        return seconds / (GC.GetAllocatedBytesForCurrentThread() - before);
    }

    public void Write(BinaryWriter output)
    {
        output.Write(Cpu.Ticks);
        output.Write(Collecting.Ticks);
        output.Write(AllocatedBytes);
    }

    public static CpuCount Read(BinaryReader input) => new(new TimeSpan(input.ReadInt64()), new TimeSpan(input.ReadInt64()), input.ReadInt64());
}
