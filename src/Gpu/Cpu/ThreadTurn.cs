using System.Runtime.InteropServices;

namespace ActorInference.Gpu.Cpu;

/// <summary>
/// How long a thread that computes may go on before the system considers another one on its processor: sched_setattr(2), Linux 6.12 and later.
/// It changes nobody's share, only when it is had: one that wakes to pass on a token or a page, with the usual short turn, comes first and at once, where it
/// would wait for the end of a turn, or a tick of 4 ms, of the one that computes.
/// </summary>
internal static unsafe partial class ThreadTurn
{
    private const int Normal = 0;            // SCHED_OTHER
    private const ulong ResetOnFork = 0x01;  // SCHED_FLAG_RESET_ON_FORK: threads that it begins have the usual turn.

    /// <summary>What the system lets be chosen.</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromMilliseconds(100);

    [ThreadStatic]
    private static TimeSpan _taken;

    /// <summary>What this thread has taken; zero if it has the usual one.</summary>
    public static TimeSpan Taken => _taken;

    private static nint SetNumber => RuntimeInformation.ProcessArchitecture == Architecture.X64 ? 314 : 274;

    private static nint GetNumber => RuntimeInformation.ProcessArchitecture == Architecture.X64 ? 315 : 275;

    /// <summary>Gives the calling thread a turn; zero leaves it as it is. Its priority stays.</summary>
    /// <returns>False where the system does not know of turns, or this thread is scheduled in another way.</returns>
    public static bool TryTake(TimeSpan turn)
    {
        if (turn <= TimeSpan.Zero || !OperatingSystem.IsLinux()) return false;
        var attributes = default(Attributes);
        if (SystemCall(GetNumber, 0, &attributes, sizeof(Attributes), 0) != 0 || attributes.Policy != Normal) return false;
        attributes.Size = (uint)sizeof(Attributes);
        attributes.Flags |= ResetOnFork;
        attributes.Runtime = (ulong)(turn < Longest ? turn : Longest).TotalNanoseconds;
        if (SystemCall(SetNumber, 0, &attributes, 0, 0) != 0) return false;
        _taken = turn;
        return true;
    }

    [LibraryImport("libc", EntryPoint = "syscall")]
    private static partial nint SystemCall(nint number, nint thread, Attributes* attributes, nint third, nint fourth);

    /// <summary>struct sched_attr as it first was.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct Attributes
    {
        public uint Size;
        public uint Policy;
        public ulong Flags;
        public int Nice;
        public uint Priority;
        public ulong Runtime;
        public ulong Deadline;
        public ulong Period;
    }
}
