using System.Collections.Immutable;

namespace ActorInference.Roles.Agents;

/// <summary>What an agent is to run as one process, whole: a description, not a change.</summary>
/// <remarks>Two launches are the same if their revisions are; a new revision replaces the process in place.</remarks>
public sealed record InstanceLaunch
{
    /// <summary>Identity, such as <c>demo-prefill-0</c>: also the name of its folder.</summary>
    public required string Instance { get; init; }

    /// <summary>
    /// Name of the pod whose container it is: they share its empty volumes. That of the first of them, which is its own name; those of the
    /// others begin with it.
    /// </summary>
    public string Pod { get => field.Length > 0 ? field : Instance; init => field = value ?? ""; } = "";

    /// <summary>Who is told of it: the id of the role instance that it is a process of.</summary>
    public string Owner { get; init; } = "";

    /// <summary>Group that it is part of; empty for none.</summary>
    public string Group => Owner.Contains('/') ? Owner[..Owner.IndexOf('/')] : "";

    /// <summary>Names this description; another one means another process.</summary>
    public required string Revision { get; init; }

    /// <summary>Bundle in the image store, <c>name:version</c>.</summary>
    public required string Image { get; init; }

    /// <summary>Program and first arguments; empty for the bundle's own.</summary>
    public ImmutableArray<string> Command { get; init; } = [];

    /// <summary>Further arguments. <c>$(NAME)</c> stands for a variable of <see cref="Environment"/> or of the agent's.</summary>
    public ImmutableArray<string> Args { get; init; } = [];

    /// <summary>Beside what the agent itself has. A later variable may refer to an earlier one as <c>$(NAME)</c>.</summary>
    public ImmutableArray<Variable> Environment { get; init; } = [];

    /// <summary>Where it runs; null for its own data folder.</summary>
    public string? WorkingFolder { get; init; }

    /// <summary>Ports to keep for it, whatever process it is.</summary>
    public ImmutableArray<PortRequest> Ports { get; init; } = [];

    /// <summary>What <see cref="Ports"/> of the pod's first container are: their variables are known to this one too.</summary>
    public ImmutableArray<PortRequest> PodPorts { get; init => field = value.IsDefault ? [] : value; } = [];

    /// <summary>
    /// Run one after the other, each to its end with exit code 0, before the process itself, in its folder and with its ports and volumes:
    /// init containers. One that fails is begun again after a pause; those before it are not.
    /// </summary>
    public ImmutableArray<InstanceLaunch> Init { get; init => field = value.IsDefault ? [] : value; } = [];

    /// <summary>Names the work of <see cref="Init"/>: it is done once for each name, whatever process is replaced or restarted after it.</summary>
    public string InitRevision { get; init => field = value ?? ""; } = "";

    /// <summary>Instance of the same agent whose <see cref="Init"/> this one waits for; null for none.</summary>
    public string? InitBy { get; init; }

    /// <summary>Name of the init container that this is; empty for a process that stays.</summary>
    public string Step { get; init => field = value ?? ""; } = "";

    /// <summary>Until it has succeeded once, the others wait.</summary>
    public ProbeSpec? Startup { get; init; }

    /// <summary>Whether it is given work; null means as long as it runs.</summary>
    public ProbeSpec? Readiness { get; init; }

    /// <summary>Whether it is to live on; null means as long as it runs.</summary>
    public ProbeSpec? Liveness { get; init; }

    /// <summary>Run before it is asked to end: drains it, for instance.</summary>
    public ProbeAction? PreStop { get; init; }

    /// <summary>From being asked to end, <see cref="PreStop"/> included, until it is killed.</summary>
    public TimeSpan Grace { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Pauses between restarts.</summary>
    public RestartDelays Restarts { get; init; } = RestartDelays.Default;

    /// <summary>Whether it stays ended when it has ended unasked, until another revision of it is told: its owner begins it again together with others.</summary>
    public bool IsHeldAfterEnd { get; init; }

    /// <summary>What its pod was given a place for, the same in each container; null from control nodes that did not say, or if it is nothing: then limits count.</summary>
    public PodNeeds? Needs { get; init; }

    /// <summary>What it may use.</summary>
    public InstanceResources Resources { get; init; } = InstanceResources.Unlimited;

    /// <summary>Folders that it finds under a path of its own.</summary>
    public ImmutableArray<VolumeMount> Volumes { get; init; } = [];
}

/// <summary>One environment variable.</summary>
public sealed record Variable(string Name, string Value);

/// <summary>A port that the instance wants; its variable <c>RBG_PORT_&lt;NAME&gt;</c> says which it got.</summary>
/// <param name="Name">Lower case.</param>
/// <param name="Preferred">Taken if nobody has it; 0 for any.</param>
public sealed record PortRequest(string Name, int Preferred)
{
    /// <summary>Whether it is the preferred one or none.</summary>
    public bool IsFixed { get; init; }
}

/// <summary>A port that is kept for an instance as long as it exists.</summary>
public sealed record PortLease(string Name, int Preferred, int Port);

/// <param name="Cpus">Cores, parts of them included.</param>
/// <param name="MemoryBytes">Of the host's memory.</param>
public sealed record PodNeeds(double Cpus, long MemoryBytes);

/// <param name="MemoryBytes">Resident memory beyond which it is killed; 0 for no limit.</param>
/// <param name="CpuSet">Cores in taskset's form, such as <c>0-3,8</c>; empty for all.</param>
/// <param name="Gpus">Devices that it sees; null for all, empty for none.</param>
public sealed record InstanceResources(long MemoryBytes, string CpuSet, ImmutableArray<int>? Gpus)
{
    public static readonly InstanceResources Unlimited = new(0, "", null);

    /// <summary>How many cores it is bound to, which the agent chooses; 0 for all, or those of <see cref="CpuSet"/>.</summary>
    public int Cores { get; init; }
}

/// <summary>A folder of the host, which the variable <c>VOLUME_&lt;NAME&gt;</c> names.</summary>
/// <param name="Name">Of the volume.</param>
/// <param name="HostPath">Folder of the host; null for one that the agent has.</param>
/// <param name="InMemory">Whether the pod's own one is in /dev/shm.</param>
/// <param name="MountPath">What the spec calls it within the instance; arguments that begin with it are rewritten.</param>
public sealed record VolumeMount(string Name, string? HostPath, bool InMemory, string MountPath)
{
    /// <summary>Name of a folder that the agent keeps for all who claim it, and that outlives them; null for one of the pod's own, or of the host.</summary>
    public string? Claim { get; init; }

    /// <summary>Part of the volume that is mounted, with <c>$(NAME)</c> for variables; empty for all of it.</summary>
    public string SubPath { get; init => field = value ?? ""; } = "";
}
