namespace ActorInference.Roles.Agents;

/// <summary>One agent and its host.</summary>
public sealed record AgentOptions
{
    /// <summary>Name of the host within the cluster.</summary>
    public required string Node { get; init; }

    /// <summary>Where the ports of its instances are.</summary>
    public required string Address { get; init; }

    /// <summary>Folder of everything that outlives the agent.</summary>
    public required string Data { get; init; }

    /// <summary>Bundles of this host.</summary>
    public required ImageStore Images { get; init; }

    /// <summary>What the host has.</summary>
    public required HostTopology Topology { get; init; }

    /// <summary>Variables that every instance finds.</summary>
    public IReadOnlyDictionary<string, string> Inherited { get; init; } = OwnEnvironment();

    /// <summary>First of the ports that are given when the preferred one is taken.</summary>
    public int FirstPort { get; init; } = 30000;

    /// <summary>How many those are, at least 1.</summary>
    public int Ports { get; init; } = 2768;

    /// <summary>Where among them the search for a free one begins, at least 0.</summary>
    public int PortOffset { get; init; }

    /// <summary>Size at which a log is rotated; three older ones are kept.</summary>
    public long MaxLogBytes { get; init; } = 10 << 20;

    /// <summary>Of the processors, for an instance that is not ready yet.</summary>
    public StartingShare StartingShare { get; init; } = new(StartingShare.DefaultNice);

    /// <summary>How often all instances are reported, changed or not.</summary>
    public TimeSpan ReportInterval { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Name of the folder of all instances.</summary>
    public const string Instances = "instances";

    /// <summary>Folder of all instances.</summary>
    public string InstancesFolder => Path.Combine(Data, Instances);

    /// <summary>Where their volumes are.</summary>
    public VolumeFolders Volumes => new(Data);

    /// <summary>Folder of one.</summary>
    public InstanceFolder FolderOf(string instance) => new(Path.Combine(InstancesFolder, instance));

    /// <summary>Whether a pod has processes besides one, or is to have.</summary>
    /// <param name="pod">Its name, with which theirs begin.</param>
    /// <param name="instance">The one.</param>
    public bool HasOthers(string pod, string instance) => Directory.EnumerateDirectories(InstancesFolder, $"{pod}*")
        .Any(folder => Path.GetFileName(folder) != instance && new InstanceFolder(folder).ReadRecord() is { IsOver: false } record && record.Launch.Pod == pod);

    private static Dictionary<string, string> OwnEnvironment()
    {
        var variables = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (System.Collections.DictionaryEntry entry in Environment.GetEnvironmentVariables()) variables[(string)entry.Key] = (string?)entry.Value ?? "";
        return variables;
    }
}
