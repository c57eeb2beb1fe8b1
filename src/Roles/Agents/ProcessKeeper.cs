using System.Diagnostics;

namespace ActorInference.Roles.Agents;

/// <summary>
/// Begins processes that outlive this one. Each has a shell of its own as its parent, in a session of its own: it
/// appends the output to the log, and writes the process's number and start, and at last its exit code, to files; so
/// an agent that begins again finds its processes, and learns how those ended that it has missed.
/// </summary>
/// <remarks>
/// A folder has one keeper at a time: it holds the lock of the folder as long as it lives. So an agent that died right after it had begun
/// one, before anything was written down, leaves no second process to the next agent, which finds the lock taken and waits for the number.
/// </remarks>
public static class ProcessKeeper
{
    /// <summary>Exit code of a keeper that found another one at work (EX_TEMPFAIL).</summary>
    private const int Taken = 75;

    /// <summary>
    /// Of the folder's files, pid comes with mv: it is there whole or not at all, and before the program, which then takes the place of the
    /// shell that has written its number. The lock is the keeper's alone: what the program leaves behind does not hold it. The
    /// shell too lets go of the agent's own outputs: who reads those would wait for their end beyond the agent's. Its last act ends its group:
    /// itself, and what the program has left behind, which afterwards nobody could name.
    /// </summary>
    private const string Script = """
        folder=$1; revision=$2; lower=$3; shift 3
        exec >>"$folder/log" 2>&1 </dev/null 9>>"$folder/lock"
        command -v flock >/dev/null || { echo "flock of util-linux is needed to keep processes"; exit 127; }
        flock -n 9 || { echo "$folder has a keeper already"; exit 75; }
        eval "$lower"
        rm -f "$folder/exit"
        started() { sed 's/.*) //' "/proc/$1/stat" | cut -d' ' -f20; }
        keeper="$$ $(started $$)"
        (
          exec 9>&-
          read -r self rest </proc/self/stat
          echo "$self $(started "$self") $keeper $revision" >"$folder/pid.new"
          mv "$folder/pid.new" "$folder/pid" || exit 126
          exec "$@"
        ) &
        wait $!
        echo $? >"$folder/exit.new"
        mv "$folder/exit.new" "$folder/exit"
        kill -s KILL 0
        """;

    private static readonly TimeSpan StartDeadline = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan StartPoll = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan LockPoll = TimeSpan.FromMilliseconds(200);

    /// <summary>Begins a program, or finds the one that another agent has begun in the same folder.</summary>
    /// <param name="folder">Of the instance; no process of it is known.</param>
    /// <param name="revision">Of its launch; written down with the process.</param>
    /// <param name="surroundings">Command, environment, and the folders that it finds.</param>
    /// <param name="cpuSet">In taskset's form; empty for all cores.</param>
    /// <param name="share">Of the processors, until <see cref="StartingShare.TryRestore"/>.</param>
    /// <param name="stop">Ends the wait. What was begun goes on: the next agent finds it.</param>
    /// <returns>The process, which may be of another revision.</returns>
    /// <exception cref="IOException">It cannot be begun.</exception>
    public static async Task<KeptProcess> StartAsync(InstanceFolder folder, string revision, InstanceSurroundings surroundings, string cpuSet, StartingShare share, CancellationToken stop)
    {
        var (command, context) = (surroundings.Command, surroundings.Context);
        foreach (var needed in (IEnumerable<string>)[.. surroundings.Folders, context.WorkingFolder]) Directory.CreateDirectory(needed);
        // The shell itself goes on when its parent dies: in a session of its own no terminal's signal reaches it.
        var start = new ProcessStartInfo("setsid") { WorkingDirectory = context.WorkingFolder };
        string[] pinned = cpuSet.Length > 0 ? ["taskset", "-c", cpuSet] : [];
        foreach (var word in (string[])["/bin/sh", "-c", Script, "keeper", folder.Path, Uri.EscapeDataString(revision), share.ShellCommand, .. share.Prefix, .. pinned, .. command])
            start.ArgumentList.Add(word);
        start.Environment.Clear();
        foreach (var (name, value) in context.Environment) start.Environment[name] = value;
        share.Tell(start.Environment);
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(stop);
        deadline.CancelAfter(StartDeadline);
        try
        {
            return await StartAsync(folder, start, deadline.Token).ConfigureAwait(false);
        }
        catch (System.ComponentModel.Win32Exception cause)
        {
            throw new IOException($"setsid of util-linux is needed to keep processes: {cause.Message}", cause);
        }
        catch (OperationCanceledException cause) when (!stop.IsCancellationRequested)
        {
            throw new IOException($"the keeper said nothing within {StartDeadline.TotalSeconds:0} s", cause);
        }
    }

    private static async Task<KeptProcess> StartAsync(InstanceFolder folder, ProcessStartInfo start, CancellationToken deadline)
    {
        using var timer = new PeriodicTimer(LockPoll);
        while (true)
        {
            if (folder.ReadProcess() is { } known) return known;
            using var keeper = Process.Start(start) ?? throw new IOException("setsid did not start");
            if (await WaitAsync(folder, keeper, deadline).ConfigureAwait(false) is { } kept) return kept;
            // The other keeper is about to write its process down, or is the last one's and about to end.
            await timer.WaitForNextTickAsync(deadline).ConfigureAwait(false);
        }
    }

    /// <returns>Null if another keeper has the folder.</returns>
    private static async Task<KeptProcess?> WaitAsync(InstanceFolder folder, Process keeper, CancellationToken deadline)
    {
        using var timer = new PeriodicTimer(StartPoll);
        while (true)
        {
            if (folder.ReadProcess() is { } kept) return kept;
            if (keeper.HasExited && folder.ReadProcess() is null)
                return keeper.ExitCode == Taken ? null : throw new IOException($"the keeper ended with exit code {keeper.ExitCode}");
            await timer.WaitForNextTickAsync(deadline).ConfigureAwait(false);
        }
    }
}
