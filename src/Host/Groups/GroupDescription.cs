using System.Globalization;
using System.Text;

namespace ActorInference.Host.Groups;

/// <summary>Everything of one group, or of one instance, in words.</summary>
public static class GroupDescription
{
    private const int BarCells = 16;

    public static string Of(GroupBody group, DateTimeOffset now)
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"Name:       {group.Name}\nLabels:     {Labels(group.Labels)}\nStatus:     {group.Status}\nRevision:   {group.Revision} (stable {(group.StableRevision == 0 ? "none" : group.StableRevision)}), by {group.Cause}\n");
        if (group.Stalled is { } stalled) text.Append(CultureInfo.InvariantCulture, $"Stalled:    {stalled}\n");
        text.Append(CultureInfo.InvariantCulture, $"Created:    {group.CreatedAt:u} ({GroupTables.Age(now - group.CreatedAt)} ago)\n\nRoles:\n{Indent(GroupTables.Roles([group], now))}\n\nInstances:\n{Indent(GroupTables.Instances([group], isWide: true, now))}\n");
        if (group.Waiting.Count > 0) text.Append("\nWaiting:\n").Append(Indent(string.Join('\n', group.Waiting))).Append('\n');
        return text.Append("\nEvents:\n").Append(group.Events.Count == 0 ? "  <none>" : Indent(GroupTables.Events(group.Events, now))).ToString();
    }

    public static string Of(GroupBody group, InstanceBody instance, DateTimeOffset now)
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"Name:       {instance.Name}\nGroup:      {group.Name}\nRole:       {instance.Role}\nLabels:     {Labels(instance.Labels)}\nNode:       {instance.Node}\nRevision:   {instance.Revision}\nStatus:     {instance.Status}\n");
        if (instance.Message is { } message) text.Append(CultureInfo.InvariantCulture, $"Reason:     {message}\n");
        foreach (var process in instance.Processes)
        {
            text.Append(CultureInfo.InvariantCulture, $"\nProcess {process.Name}:\n  Container:  {Or(process.Container)}\n  PID:        {process.Pid}\n  Ready:      {process.Ready}\n  Restarts:   {process.Restarts}\n  Started:    {GroupTables.Age(now - process.StartedAt)} ago\n  Ports:      {Or(string.Join(", ", process.Ports.Select(port => $"{port.Key}={port.Value}")))}\n");
            if (process.LastEnd is { } end)
                text.Append(CultureInfo.InvariantCulture, $"  Last end:   {end.Reason} {GroupTables.Age(now - end.At)} ago, {Exit(end)}{(end.Message.Length > 0 ? ": " + end.Message : "")}\n{Indent(Indent(end.LogTail.TrimEnd('\n')))}\n");
        }

        var events = group.Events.Where(each => each.Object == instance.Name || instance.Processes.Any(process => process.Name == each.Object)).ToList();
        return text.Append("\nEvents:\n").Append(events.Count == 0 ? "  <none>" : Indent(GroupTables.Events(events, now))).ToString();
    }

    /// <param name="groups">With those of their instances whose first process is there.</param>
    public static string Of(AgentBody agent, IReadOnlyList<GroupBody> groups, DateTimeOffset now)
    {
        var instances = groups.Any(group => group.Instances.Count > 0) ? Indent(GroupTables.Instances(groups, isWide: false, now)) : "  <none>";
        return string.Create(CultureInfo.InvariantCulture, $"Name:       {agent.Node}\nLabels:     {Labels(agent.Labels)}\nAddress:    {agent.Address}\nCPUs:       {agent.Cpus}\nMemory:     {agent.MemoryBytes >> 30}Gi\nGPUs:       {agent.Gpus}\nNUMA nodes: {agent.NumaNodes}\n\nInstances:\n{instances}");
    }

    /// <summary>The instance of a name, or that of a process of the name; null if there is none.</summary>
    public static InstanceBody? Find(GroupBody group, string name) =>
        group.Instances.FirstOrDefault(instance => instance.Name == name) ?? group.Instances.FirstOrDefault(instance => instance.Processes.Any(process => process.Name == name));

    /// <summary>What to say of an instance that a group does not have.</summary>
    public static string NoInstance(GroupBody group, string name) => group.Instances.Count == 0
        ? $"instance is '{name}'; group {group.Name} has none yet."
        : $"instance is '{name}'; expected one of {string.Join(", ", group.Instances.Select(each => each.Name))}.";

    /// <summary>How far a group is, a bar for each role.</summary>
    public static string Status(GroupBody group, DateTimeOffset now)
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"Group {group.Name}: {group.Status}, revision {group.Revision}, age {GroupTables.Age(now - group.CreatedAt)}\n\n");
        var width = group.Roles.Max(role => role.Name.Length);
        foreach (var role in group.Roles)
        {
            var share = role.Desired == 0 ? 1 : (double)role.Ready / role.Desired;
            var full = (int)Math.Clamp(share * BarCells, 0, BarCells);
            text.Append(CultureInfo.InvariantCulture, $"  {role.Name.PadRight(width)}  {role.Ready}/{role.Desired} (updated {role.Updated}) [{new string('#', full)}{new string('.', BarCells - full)}] {share * 100:0}%\n");
        }

        if (group.Stalled is { } stalled) text.Append("  stalled: ").Append(stalled).Append('\n');
        foreach (var waiting in group.Waiting) text.Append("  waits: ").Append(waiting).Append('\n');
        var ready = group.Roles.Count(role => role.Ready >= role.Desired);
        return text.Append(CultureInfo.InvariantCulture, $"\nSummary: {group.Roles.Count} roles | {ready}/{group.Roles.Count} ready").ToString();
    }

    private static string Or(string text) => text.Length > 0 ? text : "<none>";

    private static string Exit(EvidenceBody end) => end.ExitCode is { } code ? $"exit code {code}" : end.Signal is { } signal ? $"signal {signal}" : "no exit code";

    internal static string Labels(IReadOnlyDictionary<string, string> labels) => labels.Count == 0 ? "<none>" : string.Join(',', labels.Select(label => $"{label.Key}={label.Value}"));

    internal static string Indent(string text) => "  " + text.Replace("\n", "\n  ", StringComparison.Ordinal);
}
