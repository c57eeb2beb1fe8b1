namespace ActorInference.Roles.Agents;

/// <summary>Why a process is no more.</summary>
public enum EndReason
{
    /// <summary>By itself, with exit code 0.</summary>
    Completed,

    /// <summary>By itself, with another exit code or by a signal that nobody here sent.</summary>
    Error,

    /// <summary>It had more memory than its limit.</summary>
    MemoryExceeded,

    /// <summary>Its liveness or startup probe failed too often.</summary>
    ProbeFailed,

    /// <summary>It could not be started, or one of its init containers failed.</summary>
    StartFailed,

    /// <summary>It ended while nobody watched, and left no exit code.</summary>
    Unknown,
}

/// <summary>What a process that ended unasked left behind.</summary>
/// <param name="At">When it was noticed.</param>
/// <param name="ExitCode">Null if a signal ended it, or nobody knows.</param>
/// <param name="Signal">Number of the signal that ended it; null if none did.</param>
/// <param name="Reason">Why.</param>
/// <param name="Message">In words; empty if the reason says it all.</param>
/// <param name="LogTail">The last lines that it wrote.</param>
/// <param name="Revision">What was running.</param>
public sealed record Evidence(DateTimeOffset At, int? ExitCode, int? Signal, EndReason Reason, string Message, string LogTail, string Revision)
{
    /// <summary>Codes above this are 128 and a signal's number.</summary>
    private const int SignalBase = 128;

    private const int LastSignal = 64;

    /// <summary>Reads a shell's exit code.</summary>
    /// <param name="code">Null if there is none.</param>
    public static (int? ExitCode, int? Signal) Read(int? code) =>
        code is > SignalBase and <= SignalBase + LastSignal ? (null, code - SignalBase) : (code, null);

    /// <summary>Of the process of a record that has ended by itself or was killed.</summary>
    /// <param name="code">That its shell wrote down; null if it has not.</param>
    /// <param name="killedFor">Why its agent ended it; null if it did not.</param>
    internal static Evidence Of(InstanceRecord record, int? code, (EndReason Reason, string Message)? killedFor, string logTail)
    {
        var (exitCode, signal) = Read(code);
        var (reason, message) = killedFor ?? (code is null ? EndReason.Unknown : code == 0 ? EndReason.Completed : EndReason.Error, "");
        // The process itself has not begun.
        if (!record.IsInitialized) (reason, message) = (EndReason.StartFailed, $"init container {record.Current.Step}{(message.Length > 0 ? $", {message}" : "")}");
        return new Evidence(DateTimeOffset.UtcNow, exitCode, signal, reason, message, logTail, record.RunningRevision);
    }

    public override string ToString() =>
        (ExitCode is { } code ? $"exit code {code}" : Signal is { } signal ? $"signal {signal}" : "no exit code") + (Message.Length > 0 ? $": {Message}" : "");
}
