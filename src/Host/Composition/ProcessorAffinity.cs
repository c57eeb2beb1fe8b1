using System.Globalization;
using System.Runtime.InteropServices;
using ActorInference.Host.Cli;

namespace ActorInference.Host.Composition;

/// <summary>Keeps this process to one processor, so that another one's load does not take it away. Linux only.</summary>
internal static class ProcessorAffinity
{
    public const int MaxProcessors = 1024;

    /// <summary>Threads begin while others are told; each of them begins where the one that makes it is.</summary>
    private const int Passes = 3;

    private const int NoSuchThread = 3;   // ESRCH

    /// <param name="processor">Its number, from 0.</param>
    /// <exception cref="UserErrorException">There is none of that number for this process, or this system cannot do it.</exception>
    public static void Set(int processor)
    {
        if (!OperatingSystem.IsLinux()) throw new UserErrorException("--cpu is given; only Linux can keep a process to a processor.");
        SetAll(processor, MaskOf(processor));
    }

    /// <summary>As <see cref="Set"/>, of the calling thread alone and what it begins.</summary>
    /// <inheritdoc cref="Set"/>
    public static void SetThread(int processor)
    {
        if (!OperatingSystem.IsLinux()) throw new UserErrorException("Only Linux can keep a thread to a processor.");
        SetOne(thread: 0, processor, MaskOf(processor));
    }

    /// <summary>As <see cref="Set"/>, until it is disposed; then the process may use what it might before.</summary>
    /// <inheritdoc cref="Set"/>
    public static IDisposable Keep(int processor)
    {
        var before = new byte[MaxProcessors / 8];
        if (!OperatingSystem.IsLinux() || GetAffinity(0, before.Length, before) < 0) throw new UserErrorException("Only Linux can keep a process to a processor.");
        Set(processor);
        return new Kept(processor, before);
    }

    private static byte[] MaskOf(int processor)
    {
        var mask = new byte[MaxProcessors / 8];
        mask[processor / 8] = (byte)(1 << (processor % 8));
        return mask;
    }

    private static void SetAll(int processor, byte[] mask)
    {
        for (var pass = 0; pass < Passes; pass++)
        {
            foreach (var thread in Directory.EnumerateDirectories("/proc/self/task")) SetOne(int.Parse(Path.GetFileName(thread), CultureInfo.InvariantCulture), processor, mask);
        }
    }

    private static void SetOne(int thread, int processor, byte[] mask)
    {
        if (SetAffinity(thread, mask.Length, mask) == 0 || Marshal.GetLastPInvokeError() == NoSuchThread) return;   // It has ended meanwhile.
        throw new UserErrorException($"--cpu is '{processor}'; expected the number of a processor that this process may use, of which there are {Environment.ProcessorCount}.");
    }

    private sealed class Kept(int processor, byte[] before) : IDisposable
    {
        public void Dispose() => SetAll(processor, before);
    }

    [DllImport("libc", EntryPoint = "sched_getaffinity", SetLastError = true)]
    private static extern int GetAffinity(int thread, nint length, byte[] mask);

    [DllImport("libc", EntryPoint = "sched_setaffinity", SetLastError = true)]
    private static extern int SetAffinity(int thread, nint length, byte[] mask);
}
