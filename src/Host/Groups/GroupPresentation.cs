using System.Collections.Immutable;
using System.Globalization;
using ActorInference.Roles.Agents;
using ActorInference.Roles.Groups.Control;
using ActorInference.Roles.Groups.Spec;

namespace ActorInference.Host.Groups;

/// <summary>Groups as people see them.</summary>
public static class GroupPresentation
{
    public static GroupBody Of(GroupProtocol.State state, RolloutProtocol.Status status)
    {
        var group = SpecReader.ReadGroup(state.Desired);
        var current = group.Roles.ToDictionary(role => role.Name, SpecRevision.Of);
        var isKnown = status.Generation == state.Generation;
        ImmutableArray<RoleBody> roles = [.. group.Roles.Select(role => Role(role, current[role.Name], status) with { Group = state.Group, Labels = role.Labels })];
        return new GroupBody(
            state.Group, StatusOf(state, status, isKnown, group, roles), state.Generation, state.Current, state.Stable, state.Revisions[^1].Cause, state.CreatedAt,
            roles,
            [.. status.Instances.Select(instance => Instance(group, instance))],
            status.Holds,
            isKnown && status.Stalled.Length > 0 ? status.Stalled : null,
            [.. state.Notes.Select(note => new EventBody(note.At, note.IsWarning ? "Warning" : "Normal", note.Reason, note.Subject, note.Message, note.Count))]) { Labels = group.Metadata.Labels };
    }

    private static string StatusOf(GroupProtocol.State state, RolloutProtocol.Status status, bool isKnown, RoleBasedGroup group, ImmutableArray<RoleBody> roles)
    {
        if (state.IsDeleting) return "Deleting";
        if (isKnown && status.IsDone && status.Instances.All(instance => instance.IsReady)) return "Ready";
        if (state.IsPaused) return "Paused";
        if (!isKnown) return "Progressing";
        if (status.Stalled.Length > 0) return "Stalled";
        var outdated = group.Roles.Zip(roles).Where(pair => pair.Second.Updated < pair.Second.Desired).Select(pair => pair.First).ToList();
        if (!status.IsResting || outdated.Count == 0) return "Progressing";
        return outdated.Exists(role => role.Rollout.Paused) ? "Paused" : "Partitioned";
    }

    private static RoleBody Role(RoleSpec role, string revision, RolloutProtocol.Status status)
    {
        var instances = status.Instances.Where(instance => instance.Role == role.Name).ToList();
        return new RoleBody(
            role.Name, role.Replicas, instances.Count, instances.Count(instance => instance.IsReady),
            instances.Count(instance => instance.Revision == revision && instance.Stage == InstanceStage.Settled));
    }

    private static InstanceBody Instance(RoleBasedGroup group, RolloutProtocol.InstanceStatus instance) => Instance(group.FindRole(instance.Role), instance) with
    {
        Group = group.Name,
        Labels = Labels(group, instance),
    };

    /// <param name="role">As it is declared; null if it is not any more.</param>
    private static InstanceBody Instance(RoleSpec? role, RolloutProtocol.InstanceStatus instance) => new(
        instance.Name, instance.Role, instance.Ordinal, instance.Revision,
        instance.IsReady ? instance.Members.Length : instance.Members.Count(member => member.IsReady && instance.Stage == InstanceStage.Settled),
        Math.Max(1, instance.Members.Length), StatusOf(instance), instance.Members.Sum(member => member.Restarts), instance.Node,
        [.. instance.Members.Select(member => Process(member, instance.Faults.FirstOrDefault(fault => fault.Process == member.Instance)?.End) with { Container = ContainerOf(role, instance.Name, member.Instance) }), .. instance.Faults.Where(fault => instance.Members.All(member => member.Instance != fault.Process)).Select(Gone)], instance.CreatedAt, instance.IsReady || instance.Message.Length == 0 ? null : instance.Message);

    /// <summary>As RBG labels a pod.</summary>
    private static ImmutableSortedDictionary<string, string> Labels(RoleBasedGroup group, RolloutProtocol.InstanceStatus instance)
    {
        var labels = ImmutableSortedDictionary.CreateBuilder<string, string>(StringComparer.Ordinal);
        if (group.FindRole(instance.Role) is { } role)
        {
            foreach (var (key, value) in role.Labels.Concat(role.Components[0].Labels).Concat(role.Components[0].Template.Labels)) labels[key] = value;
        }

        labels[SpecNames.GroupLabel] = group.Name;
        labels[SpecNames.RoleLabel] = instance.Role;
        labels[SpecNames.IndexLabel] = instance.Ordinal.ToString(CultureInfo.InvariantCulture);
        return labels.ToImmutable();
    }

    /// <summary>The first container's process has the name of its pod, the others' say theirs.</summary>
    private static string ContainerOf(RoleSpec? role, string instance, string process)
    {
        if (process.IndexOf('.', Math.Min(instance.Length, process.Length)) is var dot and >= 0) return process[(dot + 1)..];
        var component = role?.Pattern switch
        {
            RolePattern.CustomComponents => role.Components.FirstOrDefault(each => process.StartsWith($"{instance}-{each.Name}-", StringComparison.Ordinal)),
            RolePattern.LeaderWorker when process != $"{instance}-0" => role.Components[^1],
            _ => role?.Components[0],
        };
        return component?.Template.Containers[0].Name ?? "";
    }

    private static string StatusOf(RolloutProtocol.InstanceStatus instance)
    {
        if (instance.Stage == InstanceStage.Removing) return "Terminating";
        if (instance.Stage is InstanceStage.Draining or InstanceStage.Dumping or InstanceStage.Clearing or InstanceStage.Loading) return instance.Stage.ToString();
        var failed = instance.Members.FirstOrDefault(member => member is { Phase: AgentPhase.Waiting, LastEnd: not null });
        if (failed is not null) return failed.LastEnd!.Reason == EndReason.StartFailed ? "StartError" : "CrashLoopBackOff";
        if (instance.Members.IsEmpty || instance.Members.Any(member => member is { Conflict: not null, WantedRevision: "" })) return "Pending";
        if (instance.IsReady) return "Running";
        return instance.Members.Any(member => member.Phase == AgentPhase.Stopping) ? "Stopping" : instance.Stage == InstanceStage.Settled ? "NotReady" : "Starting";
    }

    private static ProcessBody Process(AgentProtocol.InstanceReport report, Evidence? kept) => new(
        report.Instance, report.ProcessId, report.IsReady, report.Restarts, report.Ports.ToDictionary(port => port.Name, port => port.Port), report.StartedAt,
        (report.LastEnd ?? kept) is { } end ? Body(end) : null);

    /// <summary>A process whose instance was made anew: what it left behind is still there.</summary>
    private static ProcessBody Gone(RolloutEvents.FaultSeen fault) => new(fault.Process, 0, Ready: false, 0, new Dictionary<string, int>(), fault.End.At, Body(fault.End));

    private static EvidenceBody Body(Evidence end) => new(end.At, end.ExitCode, end.Signal, end.Reason.ToString(), end.Message, end.LogTail);
}
