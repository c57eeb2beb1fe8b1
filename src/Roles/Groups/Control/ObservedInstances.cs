using System.Collections.Immutable;
using ActorInference.Roles.Agents;
using ActorInference.Roles.Groups.Planning;
using ActorInference.Roles.Groups.Spec;

namespace ActorInference.Roles.Groups.Control;

/// <summary>What a coordinator has heard of its instances. Not journaled: they say it again.</summary>
public sealed class ObservedInstances
{
    /// <summary>One that has said nothing for so long is asked.</summary>
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(10);

    private readonly Dictionary<InstanceKey, Entry> _entries = [];

    /// <summary>Hosts that are lost: what was last heard from there does not count.</summary>
    public ImmutableHashSet<string> Lost { get; set; } = [];

    /// <summary>Takes what an instance said of itself.</summary>
    /// <param name="revision">That it is to be.</param>
    /// <returns>What people may want to know of it.</returns>
    public IReadOnlyList<GroupNote> Take(RoleInstanceProtocol.Observed observed, string revision, DateTimeOffset now)
    {
        var key = new InstanceKey(observed.Role, observed.Ordinal);
        var before = _entries.GetValueOrDefault(key);
        var isReady = observed.IsReady && observed.Revision == revision;
        var since = before is not null && before.IsReady == isReady ? before.Since : before is null && isReady ? StartOf(observed) ?? now : now;
        DateTimeOffset? refused = observed.Members.All(member => member.Conflict is null) ? null : before?.RefusedSince ?? now;
        _entries[key] = new Entry(observed, isReady, since, now, refused);
        return [.. Notes(observed, before, isReady, now)];
    }

    /// <summary>It was told to become something else: what it said before does not count any more.</summary>
    public void MarkBrought(InstanceKey key)
    {
        if (_entries.TryGetValue(key, out var entry)) _entries[key] = entry with { IsReady = false };
    }

    public void Forget(InstanceKey key) => _entries.Remove(key);

    /// <summary>Whether it was ready when it was last heard of; one that was not heard of yet counts as ready.</summary>
    public bool WasReady(InstanceKey key) => !_entries.TryGetValue(key, out var entry) || entry.IsReady;

    /// <summary>Since when others have what it needs; null if they have not.</summary>
    public DateTimeOffset? RefusedSince(InstanceKey key) => _entries.GetValueOrDefault(key)?.RefusedSince;

    public bool IsStale(InstanceKey key, DateTimeOffset now) => !_entries.TryGetValue(key, out var entry) || now - entry.HeardAt > Silence;

    /// <summary>The last word of an instance's processes.</summary>
    public ImmutableArray<AgentProtocol.InstanceReport> Members(InstanceKey key) => _entries.TryGetValue(key, out var entry) ? entry.Last.Members : [];

    /// <summary>An instance as the planner sees it.</summary>
    public ObservedInstance Describe(ManagedInstance managed)
    {
        var entry = _entries.GetValueOrDefault(managed.Key);
        var isCurrent = entry is not null && entry.Last.Revision == managed.Revision;
        return new ObservedInstance(managed.Key.Role, managed.Key.Ordinal, managed.Revision)
        {
            Phase = managed.IsDeleting ? InstancePhase.Terminating : PhaseOf(isCurrent ? entry : null),
            Ready = isCurrent && entry!.IsReady && !managed.IsDeleting && LostHost(managed) is null,
            Since = entry?.Since,
            Scheduled = !managed.Places.IsEmpty,
            Node = managed.Places.IsEmpty ? null : managed.Places[0].Node,
            Reason = LostHost(managed) is { } host ? $"its host {host} is lost" : entry?.Last.Message is { Length: > 0 } message ? message : null,
        };
    }

    /// <summary>An instance as people see it.</summary>
    public RolloutProtocol.InstanceStatus Status(string group, ManagedInstance managed)
    {
        var entry = _entries.GetValueOrDefault(managed.Key);
        var host = LostHost(managed);
        var stage = managed.IsDeleting ? InstanceStage.Removing : entry?.Last.Stage ?? InstanceStage.None;
        return new RolloutProtocol.InstanceStatus(
            SpecNames.Instance(group, managed.Key.Role, managed.Key.Ordinal), managed.Key.Role, managed.Key.Ordinal, managed.Revision, stage,
            entry is { IsReady: true } && !managed.IsDeleting && host is null, managed.Places.IsEmpty ? "" : managed.Places[0].Node, entry?.Last.Members ?? [], managed.CreatedAt,
            host is null ? entry?.Last.Message ?? "" : $"its host {host} is lost");
    }

    private string? LostHost(ManagedInstance managed) => Lost.IsEmpty ? null : managed.Places.FirstOrDefault(place => Lost.Contains(place.Node))?.Node;

    private static InstancePhase PhaseOf(Entry? entry)
    {
        if (entry is null) return InstancePhase.Starting;
        if (entry.Last.Members.Any(member => member is { Phase: AgentPhase.Waiting, LastEnd: not null })) return InstancePhase.Failed;
        return entry.Last.Stage == InstanceStage.Settled ? InstancePhase.Running : InstancePhase.Starting;
    }

    private static DateTimeOffset? StartOf(RoleInstanceProtocol.Observed observed) =>
        observed.Members.IsEmpty ? null : observed.Members.Max(member => member.StartedAt);

    private static IEnumerable<GroupNote> Notes(RoleInstanceProtocol.Observed observed, Entry? before, bool isReady, DateTimeOffset now)
    {
        var name = SpecNames.Instance(observed.Group, observed.Role, observed.Ordinal);
        if (before is not null && isReady && !before.IsReady) yield return new GroupNote(now, IsWarning: false, "Ready", name, $"revision {observed.Revision}");
        foreach (var member in observed.Members)
        {
            var known = before?.Last.Members.FirstOrDefault(each => each.Instance == member.Instance)?.LastEnd;
            if (before is not null && member.LastEnd is { } end && end.At != known?.At) yield return new GroupNote(end.At, IsWarning: true, end.Reason == EndReason.StartFailed ? "FailedStart" : "Crashed", member.Instance, end.ToString());
        }
    }

    private sealed record Entry(RoleInstanceProtocol.Observed Last, bool IsReady, DateTimeOffset Since, DateTimeOffset HeardAt, DateTimeOffset? RefusedSince);
}
