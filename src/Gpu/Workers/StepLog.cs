using System.Diagnostics;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace ActorInference.Gpu.Workers;

/// <summary>One step of an engine. Times are <see cref="Stopwatch"/>'s, which on one host is the same clock in every process (Linux: CLOCK_MONOTONIC).</summary>
/// <param name="BeganAt">When the worker turned to it.</param>
/// <param name="ComputedAt">When the runner had computed it; tokens are chosen and told after that.</param>
/// <param name="EndedAt">When the worker turned to messages again.</param>
/// <param name="DecodeTokens">Sequences that got their next token in it.</param>
/// <param name="PrefillTokens">Tokens of prompts in it.</param>
[StructLayout(LayoutKind.Sequential)]
public readonly record struct StepSpan(long BeganAt, long ComputedAt, long EndedAt, int DecodeTokens, int PrefillTokens)
{
    /// <summary>What the runner took.</summary>
    public double ComputeMs => Stopwatch.GetElapsedTime(BeganAt, ComputedAt).TotalMilliseconds;
}

/// <summary>
/// A file with a <see cref="StepSpan"/> for each step of one worker, 32 bytes each in the host's byte order: for benchmarks that ask where the time
/// between two tokens went. One writer; read while it is written.
/// </summary>
public sealed class StepLog : IDisposable
{
    /// <summary>Of the file's name, which begins with the worker's.</summary>
    public const string Extension = ".steps";

    private readonly SafeFileHandle _file;
    private long _end;

    /// <summary>Goes on with a file, or begins it.</summary>
    /// <exception cref="IOException">It cannot be written.</exception>
    public StepLog(string path)
    {
        _file = File.OpenHandle(path, FileMode.OpenOrCreate, FileAccess.Write, FileShare.Read);
        _end = RandomAccess.GetLength(_file) / Bytes * Bytes;
    }

    private static int Bytes => Marshal.SizeOf<StepSpan>();

    /// <summary>One system call; allocates nothing.</summary>
    public void Add(in StepSpan step)
    {
        RandomAccess.Write(_file, MemoryMarshal.AsBytes(new ReadOnlySpan<StepSpan>(in step)), _end);
        _end += Bytes;
    }

    public void Dispose() => _file.Dispose();

    /// <summary>All steps that are in a file now; none if there is no file.</summary>
    public static IReadOnlyList<StepSpan> Read(string path)
    {
        if (!File.Exists(path)) return [];
        using var file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        var steps = new StepSpan[RandomAccess.GetLength(file) / Bytes];
        var read = RandomAccess.Read(file, MemoryMarshal.AsBytes(steps.AsSpan()), 0);
        return steps[..(read / Bytes)];
    }
}
