using System.Globalization;

namespace ActorInference.Host.Groups;

/// <summary>Groups, roles and instances as tables, in kubectl's manner.</summary>
public static class GroupTables
{
    public static string Groups(IEnumerable<GroupBody> groups, bool isWide, DateTimeOffset now) => Write(
        isWide ? ["NAME", "READY", "STATUS", "REVISION", "AGE", "STABLE", "ROLES"] : ["NAME", "READY", "STATUS", "REVISION", "AGE"],
        groups.Select(group => (IReadOnlyList<string>)
        [
            group.Name, $"{group.Roles.Sum(role => role.Ready)}/{group.Roles.Sum(role => role.Desired)}", group.Status, Number(group.Revision), Age(now - group.CreatedAt),
            .. isWide ? [Number(group.StableRevision), string.Join(',', group.Roles.Select(role => role.Name))] : (string[])[],
        ]));

    public static string Roles(IEnumerable<GroupBody> groups, DateTimeOffset now) => Write(
        ["GROUP", "ROLE", "DESIRED", "CURRENT", "READY", "UPDATED", "AGE"],
        groups.SelectMany(group => group.Roles.Select(role => (IReadOnlyList<string>)
        [
            group.Name, role.Name, Number(role.Desired), Number(role.Current), Number(role.Ready), Number(role.Updated), Age(now - group.CreatedAt),
        ])));

    public static string Instances(IEnumerable<GroupBody> groups, bool isWide, DateTimeOffset now) => Write(
        isWide ? ["NAME", "READY", "STATUS", "RESTARTS", "AGE", "REVISION", "NODE", "PORTS", "PID"] : ["NAME", "READY", "STATUS", "RESTARTS", "AGE"],
        groups.SelectMany(group => group.Instances).Select(instance => (IReadOnlyList<string>)
        [
            instance.Name, $"{instance.Ready}/{instance.Size}", instance.Status, Restarts(instance, now), Age(now - instance.CreatedAt),
            .. isWide ? Wide(instance) : [],
        ]));

    public static string Agents(AgentListBody agents) => Write(
        ["NODE", "ADDRESS", "CPUS", "MEMORY", "GPUS", "NUMA"],
        agents.Agents.Select(agent => (IReadOnlyList<string>)
            [agent.Node, agent.Address, Number(agent.Cpus), $"{agent.MemoryBytes >> 30}Gi", Number(agent.Gpus), Number(agent.NumaNodes)]));

    public static string Events(IEnumerable<EventBody> events, DateTimeOffset now) => Write(
        ["LAST SEEN", "TYPE", "REASON", "OBJECT", "MESSAGE"],
        events.OrderBy(each => each.At).Select(each => (IReadOnlyList<string>)
            [each.Count > 1 ? $"{Age(now - each.At)} (x{each.Count})" : Age(now - each.At), each.Type, each.Reason, each.Object, each.Message.ReplaceLineEndings(" ")]));

    /// <summary>What has been done to something, as kubectl says it: <c>rolebasedgroup/demo scaled</c>.</summary>
    public static string Outcome(AppliedItem item, string done) => $"{item.Kind.ToLowerInvariant()}/{item.Name} {(item.Outcome == "unchanged" ? "unchanged" : done)}";

    /// <summary>What <c>rollout</c> has done.</summary>
    /// <param name="verb">pause, resume, undo or restart.</param>
    public static string Changed(AppliedItem item, string verb) => Outcome(item, verb switch
    {
        "pause" => "paused",
        "resume" => "resumed",
        "undo" => $"rolled back, as revision {item.Revision}",
        _ => "restarted",
    });

    /// <summary>Columns as wide as their widest cell, three blanks between them.</summary>
    public static string Write(IReadOnlyList<string> header, IEnumerable<IReadOnlyList<string>> rows)
    {
        List<IReadOnlyList<string>> all = [header, .. rows];
        var widths = header.Select((_, column) => all.Max(row => row[column].Length)).ToList();
        return string.Join('\n', all.Select(row => string.Join("   ", row.Select((cell, column) => cell.PadRight(widths[column]))).TrimEnd()));
    }

    /// <summary>An age as kubectl says it: 45s, 12m, 3h, 2d.</summary>
    public static string Age(TimeSpan age) => age switch
    {
        { TotalSeconds: < 0 } => "0s",
        { TotalSeconds: < 120 } => $"{(int)age.TotalSeconds}s",
        { TotalMinutes: < 10 } => age.Seconds == 0 ? $"{(int)age.TotalMinutes}m" : $"{(int)age.TotalMinutes}m{age.Seconds}s",
        { TotalHours: < 3 } => $"{(int)age.TotalMinutes}m",
        { TotalDays: < 2 } => $"{(int)age.TotalHours}h",
        _ => $"{(int)age.TotalDays}d",
    };

    private static string[] Wide(InstanceBody instance) =>
    [
        instance.Revision,
        instance.Node.Length > 0 ? instance.Node : "<none>",
        instance.Processes.SelectMany(process => process.Ports).ToList() is { Count: > 0 } ports ? string.Join(',', ports.Select(port => $"{port.Key}={port.Value}")) : "<none>",
        instance.Processes.FirstOrDefault() is { Pid: > 0 } process ? Number(process.Pid) : "<none>",
    ];

    private static string Restarts(InstanceBody instance, DateTimeOffset now)
    {
        var last = instance.Processes.Select(process => process.LastEnd).OfType<EvidenceBody>().MaxBy(end => end.At);
        return last is null ? Number(instance.Restarts) : $"{instance.Restarts} ({Age(now - last.At)} ago)";
    }

    private static string Number(long value) => value.ToString(CultureInfo.InvariantCulture);
}
