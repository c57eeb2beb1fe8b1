using System.Runtime.InteropServices;

namespace ActorInference.Gpu.Ranks;

/// <summary>Sleeping on a word of memory that processes share: futex(2) of Linux.</summary>
internal static unsafe partial class Futex
{
    private const int WaitOperation = 0;
    private const int WakeOperation = 1;

    /// <summary>Whether this system has it.</summary>
    public static bool IsSupported => OperatingSystem.IsLinux();

    private static nint Number => RuntimeInformation.ProcessArchitecture == Architecture.X64 ? 202 : 98;

    /// <summary>Sleeps while the word has a value, until a wake, a signal, or a time has passed. The caller looks what it was.</summary>
    public static void Wait(int* word, int value, TimeSpan atMost)
    {
        var time = new Time { Seconds = (nint)atMost.TotalSeconds, Nanoseconds = (nint)(atMost.Ticks % TimeSpan.TicksPerSecond * 100) };
        _ = SystemCall(Number, word, WaitOperation, value, &time, null, 0);
    }

    /// <summary>Wakes all that sleep on the word.</summary>
    public static void WakeAll(int* word) => _ = SystemCall(Number, word, WakeOperation, int.MaxValue, null, null, 0);

    [LibraryImport("libc", EntryPoint = "syscall")]
    private static partial nint SystemCall(nint number, int* word, nint operation, nint value, Time* time, int* other, nint otherValue);

    [StructLayout(LayoutKind.Sequential)]
    private struct Time
    {
        public nint Seconds;
        public nint Nanoseconds;
    }
}
