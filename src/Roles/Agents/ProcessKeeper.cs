using System.Diagnostics;

namespace ActorInference.Roles.Agents;

/// <summary>
/// Begins processes that outlive this one. Each has a shell of its own as its parent, in a session of its own: it
/// appends the output to the log, and writes the process's number and start, and at last its exit code, to files; so
/// an agent that begins again finds its processes, and learns how those ended that it has missed.
/// </summary>
public static class ProcessKeeper
{
    /// <summary>
    /// Of the folder's files, pid comes with mv: it is there whole or not at all. The shell too lets go of the agent's own
    /// outputs: who reads those would wait for their end beyond the agent's.
    /// </summary>
    private const string Script = """
        folder=$1; lower=$2; shift 2
        exec >>"$folder/log" 2>&1 </dev/null
        eval "$lower"
        "$@" &
        child=$!
        started() { sed 's/.*) //' "/proc/$1/stat" | cut -d' ' -f20; }
        echo "$child $(started $child) $$ $(started $$)" >"$folder/pid.new"
        mv "$folder/pid.new" "$folder/pid"
        wait $child
        echo $? >"$folder/exit.new"
        mv "$folder/exit.new" "$folder/exit"
        """;

    private static readonly TimeSpan StartDeadline = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan StartPoll = TimeSpan.FromMilliseconds(5);

    /// <summary>Begins a program.</summary>
    /// <param name="folder">Of the instance; there must be no process of it.</param>
    /// <param name="command">The program's full path, and its arguments.</param>
    /// <param name="environment">Whole.</param>
    /// <param name="workingFolder">Where it runs.</param>
    /// <param name="cpuSet">In taskset's form; empty for all cores.</param>
    /// <param name="share">Of the processors, until <see cref="StartingShare.TryRestore"/>.</param>
    /// <exception cref="IOException">It cannot be begun.</exception>
    public static async Task<KeptProcess> StartAsync(
        InstanceFolder folder, IReadOnlyList<string> command, IReadOnlyDictionary<string, string> environment, string workingFolder, string cpuSet, StartingShare share)
    {
        folder.ClearProcess();
        Directory.CreateDirectory(workingFolder);
        // The shell itself goes on when its parent dies: in a session of its own no terminal's signal reaches it.
        var start = new ProcessStartInfo("setsid") { WorkingDirectory = workingFolder };
        string[] pinned = cpuSet.Length > 0 ? ["taskset", "-c", cpuSet] : [];
        foreach (var word in (string[])["/bin/sh", "-c", Script, "keeper", folder.Path, share.ShellCommand, .. share.Prefix, .. pinned, .. command]) start.ArgumentList.Add(word);
        start.Environment.Clear();
        foreach (var (name, value) in environment) start.Environment[name] = value;
        share.Tell(start.Environment);
        try
        {
            using var keeper = Process.Start(start) ?? throw new IOException("setsid did not start");
            return await WaitAsync(folder, keeper).ConfigureAwait(false);
        }
        catch (System.ComponentModel.Win32Exception cause)
        {
            throw new IOException($"setsid of util-linux is needed to keep processes: {cause.Message}", cause);
        }
    }

    private static async Task<KeptProcess> WaitAsync(InstanceFolder folder, Process keeper)
    {
        using var deadline = new CancellationTokenSource(StartDeadline);
        using var timer = new PeriodicTimer(StartPoll);
        while (true)
        {
            if (folder.ReadProcess() is { } kept) return kept;
            if (keeper.HasExited && folder.ReadProcess() is null) throw new IOException($"the keeper ended with exit code {keeper.ExitCode}");
            try
            {
                await timer.WaitForNextTickAsync(deadline.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException cause)
            {
                keeper.Kill(entireProcessTree: true);
                throw new IOException($"the keeper said nothing within {StartDeadline.TotalSeconds:0} s", cause);
            }
        }
    }
}
