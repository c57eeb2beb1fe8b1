using System.Globalization;
using System.Runtime.InteropServices;

namespace ActorInference.Roles.Agents;

/// <summary>One process, told from a later one that got its number.</summary>
/// <param name="Id">Its number.</param>
/// <param name="StartTicks">When it began, in clock ticks since boot, as /proc has it.</param>
public readonly record struct ProcessIdentity(int Id, long StartTicks)
{
    private const int SignalTerminate = 15;
    private const int SignalKill = 9;

    /// <summary>ESRCH: it has ended meanwhile.</summary>
    private const int NoSuchProcess = 3;

    /// <summary>Fields after the name in /proc/PID/stat.</summary>
    private const int StateField = 0;
    private const int StartField = 19;

    /// <summary>Whether it still runs; one that has ended and was not waited for does not.</summary>
    public bool IsAlive => ReadStat(Id) is { } fields && long.Parse(fields[StartField], CultureInfo.InvariantCulture) == StartTicks && fields[StateField] is not ("Z" or "X");

    /// <summary>Memory that it holds; 0 if it does not run.</summary>
    public long ResidentBytes
    {
        get
        {
            const string Label = "VmRSS:";
            var line = Read($"/proc/{Id}/status")?.Split('\n').FirstOrDefault(each => each.StartsWith(Label, StringComparison.Ordinal));
            return line is null ? 0 : long.Parse(line[Label.Length..].Replace("kB", "", StringComparison.Ordinal), NumberStyles.AllowLeadingWhite | NumberStyles.AllowTrailingWhite, CultureInfo.InvariantCulture) * 1024;
        }
    }

    /// <summary>Asks it to end.</summary>
    public void Terminate() => Signal(Id, SignalTerminate);

    /// <summary>Ends it.</summary>
    public void Kill() => Signal(Id, SignalKill);

    /// <summary>Ends all processes of its group, if it leads one.</summary>
    public void KillGroup()
    {
        if (IsAlive) Send(-Id, SignalKill);
    }

    private void Signal(int target, int signal)
    {
        if (IsAlive) Send(target, signal);
    }

    private static void Send(int target, int signal)
    {
        if (SendSignal(target, signal) == 0 || Marshal.GetLastPInvokeError() == NoSuchProcess) return;
        throw new InvalidOperationException($"Signal {signal} to process {target} is refused: error {Marshal.GetLastPInvokeError()}.");
    }

    private static string[]? ReadStat(int id)
    {
        var stat = Read($"/proc/{id}/stat");
        return stat is null ? null : stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
    }

    /// <summary>A file of /proc; null if what it tells of has ended.</summary>
    internal static string? Read(string file)
    {
        try
        {
            return File.ReadAllText(file);
        }
        catch (IOException)
        {
            return null;   // It has ended.
        }
    }

    [DllImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static extern int SendSignal(int process, int signal);
}

/// <summary>A process, and the shell that waits for it and writes down how it ended.</summary>
public sealed record KeptProcess(ProcessIdentity Process, ProcessIdentity Keeper)
{
    /// <summary>Of the launch that it was begun for; null from an agent that did not say.</summary>
    public string? Revision { get; init; }
}
