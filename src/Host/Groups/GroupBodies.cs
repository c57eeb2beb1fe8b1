using System.Collections.Immutable;
using System.Text.Json.Serialization;

namespace ActorInference.Host.Groups;

/// <summary>A group as the management routes show it.</summary>
/// <param name="Revision">Number of the declared revision.</param>
/// <param name="StableRevision">Number of the one last rolled out whole; 0 for none.</param>
/// <param name="Status">Ready, Progressing, Partitioned, Paused, Stalled or Deleting.</param>
/// <param name="Cause">What made the declared revision: apply, undo, restart or roll-back, and why.</param>
/// <param name="Waiting">What does not go on, and why.</param>
/// <param name="Stalled">Which instance a rollout that has exceeded its progress deadline waits for, and why; absent if it has not.</param>
public sealed record GroupBody(
    string Name, string Status, long Generation, long Revision, long StableRevision, string Cause, DateTimeOffset CreatedAt,
    IReadOnlyList<RoleBody> Roles, IReadOnlyList<InstanceBody> Instances, IReadOnlyList<string> Waiting, string? Stalled, IReadOnlyList<EventBody> Events)
{
    public IReadOnlyDictionary<string, string> Labels { get; init; } = ImmutableSortedDictionary<string, string>.Empty;
}

/// <param name="Current">Instances that there are.</param>
/// <param name="Updated">Of the declared revision.</param>
public sealed record RoleBody(string Name, int Desired, int Current, int Ready, int Updated)
{
    public string Group { get; init; } = "";

    public IReadOnlyDictionary<string, string> Labels { get; init; } = ImmutableSortedDictionary<string, string>.Empty;
}

/// <param name="Ready">Its processes that are ready.</param>
/// <param name="Size">Its processes.</param>
/// <param name="Status">As kubectl's: Running, Starting, CrashLoopBackOff and so on.</param>
/// <param name="Message">Why it is not ready; absent if it is.</param>
public sealed record InstanceBody(
    string Name, string Role, int Ordinal, string Revision, int Ready, int Size, string Status, int Restarts, string Node,
    IReadOnlyList<ProcessBody> Processes, DateTimeOffset CreatedAt, string? Message)
{
    public string Group { get; init; } = "";

    /// <summary>Those of its role, of its first component's pods, and RBG's own: group, role and index.</summary>
    public IReadOnlyDictionary<string, string> Labels { get; init; } = ImmutableSortedDictionary<string, string>.Empty;
}

public sealed record ProcessBody(string Name, int Pid, bool Ready, int Restarts, IReadOnlyDictionary<string, int> Ports, DateTimeOffset StartedAt, EvidenceBody? LastEnd)
{
    /// <summary>Name of the container that it is; empty if the declared role has none such.</summary>
    public string Container { get; init; } = "";
}

public sealed record EvidenceBody(DateTimeOffset At, int? ExitCode, int? Signal, string Reason, string Message, string LogTail);

public sealed record EventBody(DateTimeOffset At, string Type, string Reason, string Object, string Message, int Count);

public sealed record GroupListBody(IReadOnlyList<GroupBody> Groups);

public sealed record AppliedBody(IReadOnlyList<AppliedItem> Applied, IReadOnlyList<string> Warnings)
{
    /// <summary>What was to be deleted and was not there.</summary>
    public IReadOnlyList<string> Missing { get; init; } = [];
}

/// <summary>Files that are taken together.</summary>
public sealed record ManifestsBody(IReadOnlyList<ManifestBody> Files);

/// <param name="Name">What errors call it.</param>
/// <param name="Text">YAML or JSON, any number of documents.</param>
public sealed record ManifestBody(string Name, string Text);

/// <param name="Outcome">created, configured or unchanged.</param>
/// <param name="Diff">With a dry run: what would change.</param>
public sealed record AppliedItem(string Kind, string Name, string Outcome, long Revision, string? Diff);

/// <param name="Errors">All that is wrong.</param>
public sealed record RefusedBody(IReadOnlyList<string> Errors);

public sealed record HistoryBody(string Group, long Current, long Stable, IReadOnlyList<RevisionBody> Revisions);

public sealed record RevisionBody(long Revision, DateTimeOffset At, string Cause, string Yaml);

public sealed record LogBody(string Text, long NextOffset);

public sealed record ExecBody(IReadOnlyList<string> Command, double TimeoutSeconds);

public sealed record ExecEndedBody(int ExitCode, string Output);

public sealed record ScaleBody(string Role, int Replicas);

public sealed record RolloutBody(long Revision, string? Role)
{
    /// <summary>The only instance to restart; null for those of the role, or all.</summary>
    public string? Instance { get; init; }
}

public sealed record AgentListBody(IReadOnlyList<AgentBody> Agents);

public sealed record AgentBody(string Node, string Address, int Cpus, long MemoryBytes, int Gpus, int NumaNodes)
{
    public IReadOnlyDictionary<string, string> Labels { get; init; } = ImmutableSortedDictionary<string, string>.Empty;
}

/// <summary>A set, scaling adapter or warm-up.</summary>
/// <param name="Kind">set, adapter or warmup.</param>
/// <param name="Target">Group and role of an adapter.</param>
/// <param name="Message">Why it does not go on; absent if it does.</param>
/// <param name="Parts">Groups of a set, the role of an adapter, hosts of a warm-up.</param>
public sealed record ObjectBody(
    string Kind, string Name, string Status, string Target, int Desired, int Current, int Ready, DateTimeOffset CreatedAt, string? Message,
    IReadOnlyList<ObjectPartBody> Parts, IReadOnlyList<EventBody> Events)
{
    public IReadOnlyDictionary<string, string> Labels { get; init; } = ImmutableSortedDictionary<string, string>.Empty;
}

public sealed record ObjectPartBody(string Name, string Status, string Message);

public sealed record ObjectListBody(IReadOnlyList<ObjectBody> Objects);

/// <summary>A coordinated policy.</summary>
/// <param name="Group">Whose roles it is about: the group of its name.</param>
public sealed record PolicyBody(string Name, string Group, IReadOnlyList<PolicyRuleBody> Policies)
{
    public IReadOnlyDictionary<string, string> Labels { get; init; } = ImmutableSortedDictionary<string, string>.Empty;
}

/// <param name="Strategies">What it coordinates: rollingUpdate, scaling, faults.</param>
public sealed record PolicyRuleBody(string Name, IReadOnlyList<string> Roles, IReadOnlyList<string> Strategies);

public sealed record PolicyListBody(IReadOnlyList<PolicyBody> Policies);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, WriteIndented = true)]
[JsonSerializable(typeof(GroupBody))]
[JsonSerializable(typeof(GroupListBody))]
[JsonSerializable(typeof(AppliedBody))]
[JsonSerializable(typeof(ManifestsBody))]
[JsonSerializable(typeof(RefusedBody))]
[JsonSerializable(typeof(HistoryBody))]
[JsonSerializable(typeof(LogBody))]
[JsonSerializable(typeof(ExecBody))]
[JsonSerializable(typeof(ExecEndedBody))]
[JsonSerializable(typeof(ScaleBody))]
[JsonSerializable(typeof(RolloutBody))]
[JsonSerializable(typeof(AgentListBody))]
[JsonSerializable(typeof(ObjectBody))]
[JsonSerializable(typeof(ObjectListBody))]
[JsonSerializable(typeof(PolicyListBody))]
public sealed partial class GroupJson : JsonSerializerContext;
