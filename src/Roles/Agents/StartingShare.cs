using System.Globalization;
using System.Runtime.InteropServices;

namespace ActorInference.Roles.Agents;

/// <summary>
/// A process that starts takes a small share of the processors as long as others want them: those that serve keep their pace while
/// one beside them is upgraded. It gets its full share when it is ready, and gives it back when it has drained and ends.
/// </summary>
/// <remarks>
/// Two ways to the same end, since which of them the kernel heeds depends on the host (sched(7)). An instance leads a session of its
/// own, hence an autogroup, whose nice value anyone may raise and set back. Where control groups or a kernel without autogroups overrule
/// these, each thread's own nice value counts; only who has CAP_SYS_NICE may set that back, so without it it is left alone.
/// </remarks>
/// <param name="nice">Of a process that starts, 0 to 19; 0 for a full share from the beginning.</param>
public sealed class StartingShare(int nice)
{
    /// <summary>About a tenth of the share of one that serves.</summary>
    public const int DefaultNice = 10;

    public const int MaxNice = 19;

    /// <summary>By which a process knows what it was begun with.</summary>
    public const string Variable = "RBG_STARTING_NICE";

    private const int ProcessPriority = 0;
    private const int CapabilityNice = 23;

    /// <summary>Fields after the name in /proc/PID/stat.</summary>
    private const int SessionField = 3;
    private const int NiceField = 16;

    /// <summary>Threads that begin while those there are gone through have their parents' value: it is looked again, so often at most.</summary>
    private const int Passes = 8;

    private static readonly TimeSpan TryAgain = TimeSpan.FromMilliseconds(50);

    /// <summary>For the kernel to take a change: it takes ten a second.</summary>
    private const int Tries = 40;

    private static readonly bool MayRestoreThreads = HasCapability(CapabilityNice);

    private readonly string _nice = nice.ToString(CultureInfo.InvariantCulture);

    /// <summary>What the shell that begins a process does before it; silent where there are no autogroups.</summary>
    internal string ShellCommand => nice == 0 ? "" : $"{{ echo {_nice} >/proc/$$/autogroup; }} 2>/dev/null";

    /// <summary>Program and arguments to put before a command, none where it could not be undone.</summary>
    internal string[] Prefix => nice > 0 && MayRestoreThreads ? ["nice", "-n", _nice] : [];

    /// <summary>
    /// Gives this process its full share, if an agent has begun it with less: to be called when it is warm and before it is given work, which
    /// can come sooner than its agent hears that it is ready. Where the kernel does not take it, the agent tries again.
    /// </summary>
    /// <exception cref="FormatException">The variable is not a nice value.</exception>
    public static async Task TakeFullAsync(CancellationToken stop)
    {
        if (Environment.GetEnvironmentVariable(Variable) is not { Length: > 0 } begunWith) return;
        var share = new StartingShare(int.Parse(begunWith, CultureInfo.InvariantCulture));
        using var timer = new PeriodicTimer(TryAgain);
        for (var tries = 0; tries < Tries && !share.TryRestore(new ProcessIdentity(Environment.ProcessId, StartTicks: 0)); tries++)
            await timer.WaitForNextTickAsync(stop).ConfigureAwait(false);
    }

    /// <summary>Takes this process' small share again, if an agent has begun it with one: for when all that it has left to do is to end.</summary>
    /// <exception cref="FormatException">The variable is not a nice value.</exception>
    public static void GiveBack()
    {
        if (Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } begunWith)
            new StartingShare(int.Parse(begunWith, CultureInfo.InvariantCulture)).Take(new ProcessIdentity(Environment.ProcessId, StartTicks: 0));
    }

    /// <summary>What a process is told of it: nothing where it has all from the beginning.</summary>
    internal void Tell(IDictionary<string, string?> environment)
    {
        if (nice > 0) environment[Variable] = _nice;
        else environment.Remove(Variable);
    }

    /// <summary>Gives a process, and all that it has begun in its session, their full share. One that has it, or has ended, is left as it is.</summary>
    /// <returns>Whether it is done; if not, the kernel wants to be asked again later.</returns>
    public bool TryRestore(ProcessIdentity process)
    {
        if (nice == 0) return true;
        if (!TryRestoreGroup(process.Id)) return false;
        for (var pass = 0; pass < Passes; pass++)
        {
            if (RestoreThreads(process.Id) == 0) return true;
        }

        return false;
    }

    /// <summary>Leaves a process no more than the small share, for good.</summary>
    /// <returns>Whether all its threads have it now; one may have ended meanwhile.</returns>
    public bool Take(ProcessIdentity process)
    {
        if (nice == 0) return false;
        try
        {
            if (File.Exists(GroupFile(process.Id))) File.WriteAllText(GroupFile(process.Id), _nice);
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            // The kernel takes one change a tenth of a second: it ends with its full share then.
        }

        return NumbersIn($"/proc/{process.Id}/task").Count(thread => SetPriority(ProcessPriority, thread, nice) != 0) == 0;
    }

    private static string GroupFile(int process) => $"/proc/{process}/autogroup";

    private bool TryRestoreGroup(int process)
    {
        var file = GroupFile(process);
        try
        {
            // "/autogroup-17 nice 10"; nothing where the process is in no autogroup.
            if (!File.Exists(file) || !File.ReadAllText(file).TrimEnd().EndsWith($"nice {_nice}", StringComparison.Ordinal)) return true;
            File.WriteAllText(file, "0");
            return true;
        }
        catch (IOException)
        {
            return !Directory.Exists($"/proc/{process}");   // The kernel takes one change a tenth of a second.
        }
        catch (UnauthorizedAccessException)
        {
            return true;   // Another user's process: its share is not ours to give, nor was it ours to take.
        }
    }

    /// <returns>Threads whose share was changed, of all processes of its session.</returns>
    private int RestoreThreads(int process)
    {
        if (FieldsOf($"/proc/{process}/stat") is not { } own) return 0;
        var changed = 0;
        foreach (var member in NumbersIn("/proc").Where(each => FieldsOf($"/proc/{each}/stat") is { } fields && fields[SessionField] == own[SessionField]))
        {
            foreach (var thread in NumbersIn($"/proc/{member}/task"))
            {
                if (FieldsOf($"/proc/{member}/task/{thread}/stat") is { } fields && fields[NiceField] == _nice && SetPriority(ProcessPriority, thread, 0) == 0) changed++;
            }
        }

        return changed;
    }

    private static string[]? FieldsOf(string file) => ProcessIdentity.Read(file) is { } stat ? stat[(stat.LastIndexOf(')') + 2)..].Split(' ') : null;

    private static int[] NumbersIn(string folder)
    {
        try
        {
            return [.. Directory.EnumerateDirectories(folder).Select(each => int.TryParse(Path.GetFileName(each), CultureInfo.InvariantCulture, out var number) ? number : 0).Where(number => number > 0)];
        }
        catch (IOException)
        {
            return [];   // The process has ended.
        }
    }

    private static bool HasCapability(int capability)
    {
        const string Label = "CapEff:";
        var line = ProcessIdentity.Read("/proc/self/status")?.Split('\n').FirstOrDefault(each => each.StartsWith(Label, StringComparison.Ordinal));
        return line is not null && (ulong.Parse(line[Label.Length..].Trim(), NumberStyles.HexNumber, CultureInfo.InvariantCulture) & (1UL << capability)) != 0;
    }

    [DllImport("libc", EntryPoint = "setpriority", SetLastError = true)]
    private static extern int SetPriority(int which, int who, int priority);
}
