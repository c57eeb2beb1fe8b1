using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace ActorInference.Roles.Agents;

/// <summary>
/// Where an agent keeps one instance, so that it finds it again after its own restart: <c>record.json</c> (what to run, and
/// what became of it so far), <c>lock</c> (held by the keeper as long as it lives), <c>pid</c> and <c>exit</c> (written by the keeper),
/// <c>log</c> and rotated ones, <c>topology.yaml</c>, <c>data</c>.
/// </summary>
public sealed class InstanceFolder(string path)
{
    public string Path { get; } = path;

    public string Log => System.IO.Path.Combine(Path, "log");

    public string Topology => System.IO.Path.Combine(Path, "topology.yaml");

    /// <summary>The instance's own; kept over updates and restarts.</summary>
    public string Data => System.IO.Path.Combine(Path, "data");

    public string PidFile => System.IO.Path.Combine(Path, "pid");

    public string ExitFile => System.IO.Path.Combine(Path, "exit");

    /// <summary>Held by the keeper.</summary>
    public string LockFile => System.IO.Path.Combine(Path, "lock");

    /// <summary>Whether a keeper lives that has the folder.</summary>
    public bool IsKept
    {
        get
        {
            try
            {
                // Not to be shared: by the same lock that the keeper has, flock(2).
                using var file = new FileStream(LockFile, FileMode.Open, FileAccess.ReadWrite, FileShare.None);
                return false;
            }
            catch (Exception missing) when (missing is FileNotFoundException or DirectoryNotFoundException)
            {
                return false;
            }
            catch (IOException)
            {
                return true;
            }
        }
    }

    private string RecordFile => System.IO.Path.Combine(Path, "record.json");

    /// <returns>Null if there is none yet, or no longer.</returns>
    public InstanceRecord? ReadRecord()
    {
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllBytes(RecordFile), AgentJson.Default.InstanceRecord);
        }
        catch (Exception missing) when (missing is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }

    public void Write(InstanceRecord record)
    {
        Directory.CreateDirectory(Data);
        Replace(RecordFile, JsonSerializer.SerializeToUtf8Bytes(record, AgentJson.Default.InstanceRecord));
    }

    /// <summary>Rewrites the discovery file; a reader sees the old or the new one, never half.</summary>
    public void WriteTopology(string text)
    {
        Directory.CreateDirectory(Path);
        Replace(Topology, System.Text.Encoding.UTF8.GetBytes(text));
    }

    /// <summary>What the keeper wrote of the process that it began.</summary>
    /// <returns>Null if it has not yet.</returns>
    public KeptProcess? ReadProcess()
    {
        if (ReadLine(PidFile)?.Split(' ') is not [var pid, var ticks, var keeper, var keeperTicks, .. var rest]) return null;
        return new KeptProcess(
            new ProcessIdentity(int.Parse(pid, CultureInfo.InvariantCulture), long.Parse(ticks, CultureInfo.InvariantCulture)),
            new ProcessIdentity(int.Parse(keeper, CultureInfo.InvariantCulture), long.Parse(keeperTicks, CultureInfo.InvariantCulture)))
        {
            Revision = rest is [var revision] ? Uri.UnescapeDataString(revision) : null,
        };
    }

    /// <summary>The exit code that the keeper wrote, 128 and more for a signal.</summary>
    /// <returns>Null if it has not.</returns>
    public int? ReadExit() => int.TryParse(ReadLine(ExitFile), CultureInfo.InvariantCulture, out var code) ? code : null;

    /// <summary>Forgets the last process.</summary>
    public void ClearProcess()
    {
        File.Delete(PidFile);
        File.Delete(ExitFile);
    }

    public void Delete()
    {
        if (Directory.Exists(Path)) Directory.Delete(Path, recursive: true);
    }

    /// <returns>False if somebody has written there meanwhile: it is to be tried again.</returns>
    public bool TryDelete()
    {
        try
        {
            Delete();
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }

    private static string? ReadLine(string file)
    {
        try
        {
            return File.ReadAllText(file).TrimEnd('\n') is { Length: > 0 } line ? line : null;
        }
        catch (Exception missing) when (missing is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }

    private static void Replace(string file, byte[] bytes)
    {
        var temporary = file + ".new";
        File.WriteAllBytes(temporary, bytes);
        File.Move(temporary, file, overwrite: true);
    }
}

/// <summary>What an agent remembers of an instance over its own death.</summary>
/// <param name="Launch">What is to run.</param>
/// <param name="Ports">What it was given.</param>
/// <param name="RunningRevision">Of the process that was begun last; empty if none was.</param>
/// <param name="StartedAt">When that was.</param>
/// <param name="Restarts">Processes after the first.</param>
/// <param name="Failures">Unasked ends in a row.</param>
/// <param name="LastEnd">Of the last process that ended unasked.</param>
/// <param name="Overlay">Variables that follow the group's topology.</param>
public sealed record InstanceRecord(
    InstanceLaunch Launch,
    IReadOnlyList<PortLease> Ports,
    string RunningRevision,
    DateTimeOffset StartedAt,
    int Restarts,
    int Failures,
    Evidence? LastEnd,
    IReadOnlyList<Variable> Overlay)
{
    /// <summary>Ports of the pod's first container; null or empty for that one itself.</summary>
    public IReadOnlyList<PortLease>? PodPorts { get; init; }

    /// <summary>Whether it is being taken away: an agent that begins again goes on with that.</summary>
    public bool IsRemoved { get; init; }

    /// <summary>Whether of one that is taken away nothing runs any more: what its pod shares is for others to keep, if there are any.</summary>
    public bool IsOver { get; init; }

    /// <summary>Cores that it is bound to; null or empty for all.</summary>
    public string? CpuSet { get; init; }

    /// <summary>GPUs that are its own, those of a process that is being replaced included; null in records of before they were kept.</summary>
    public IReadOnlyList<int>? Gpus { get; init; }

    /// <summary>How many of its init steps have ended well.</summary>
    public int InitDone { get; init; }

    /// <summary>The <see cref="InstanceLaunch.InitRevision"/> that they were of; null before the first start.</summary>
    public string? InitFor { get; init; }

    /// <summary>Whether all of them have: what runs, or is to be begun, is the process itself.</summary>
    [JsonIgnore]
    public bool IsInitialized => InitDone >= Launch.Init.Length;

    /// <summary>Whether they have for this very launch, and not for one that is being replaced.</summary>
    [JsonIgnore]
    public bool IsInitializedForGood => IsInitialized && InitFor == Launch.InitRevision;

    /// <summary>Whether it stays ended until its owner begins it again.</summary>
    [JsonIgnore]
    public bool IsHeld => Launch.IsHeldAfterEnd && LastEnd is { } end && end.Reason != EndReason.StartFailed && end.Revision == Launch.Revision;

    /// <summary>What runs, or is to be begun, now: its next init step, or the process itself.</summary>
    [JsonIgnore]
    public InstanceLaunch Current => IsInitialized ? Launch : Launch.Init[InitDone];

    /// <summary>With the process that runs, which says itself of which revision it is: an agent that died may not have come to write that down.</summary>
    public InstanceRecord Running(KeptProcess kept) => kept.Revision is { } revision && revision != RunningRevision ? this with { RunningRevision = revision } : this;

    /// <summary>To be begun. What init steps have done counts, if they are the same.</summary>
    public InstanceRecord ToStart() => InitFor == Launch.InitRevision ? this : this with { InitFor = Launch.InitRevision, InitDone = 0 };
}
