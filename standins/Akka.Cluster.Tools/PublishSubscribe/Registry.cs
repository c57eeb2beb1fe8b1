using System.Collections.Immutable;

namespace Akka.Cluster.Tools.PublishSubscribe;

/// <summary>
/// Which nodes have somebody under which key. Each node changes its own entries only, and counts the changes, so that another can
/// ask for those that it lacks. A key is <c>path</c>, <c>topic</c> or <c>topic/group</c>, each with a letter before.
/// </summary>
internal sealed class Registry(UniqueAddress self)
{
    private readonly Dictionary<UniqueAddress, Dictionary<string, RegistryEntry>> _entries = [];
    private readonly Dictionary<UniqueAddress, long> _versions = [];
    private readonly Dictionary<string, HashSet<UniqueAddress>> _nodesByKey = [];
    private readonly Queue<(UniqueAddress Owner, RegistryEntry Entry, long AtMs)> _removed = [];

    public ImmutableDictionary<UniqueAddress, long> Versions => _versions.ToImmutableDictionary();

    /// <summary>Topics of all nodes, without their groups.</summary>
    public ImmutableHashSet<string> Topics =>
        [.. _nodesByKey.Keys.Where(RegistryKey.IsTopic).Select(RegistryKey.TopicOf)];

    public IReadOnlyCollection<UniqueAddress> NodesWith(string key) => _nodesByKey.TryGetValue(key, out var nodes) ? nodes : [];

    public IEnumerable<string> GroupsOf(string topic) => _nodesByKey.Keys.Where(key => RegistryKey.IsGroupOf(key, topic));

    /// <summary>This node has somebody under the key from now on, or nobody any more.</summary>
    /// <returns>The change; null if there is none.</returns>
    public Delta Set(string key, bool isPresent, long nowMs)
    {
        if (NodesWith(key).Contains(self) == isPresent) return null;
        var entry = new RegistryEntry(key, _versions.GetValueOrDefault(self) + 1, isPresent);
        Take(self, entry, nowMs);
        return new Delta([new Delta.Part(self, entry.Version - 1, entry.Version, [entry])]);
    }

    /// <summary>What another node, or one on its behalf, says of its entries.</summary>
    public void Apply(Delta delta, IReadOnlySet<UniqueAddress> members, long nowMs)
    {
        foreach (var part in delta.Parts)
        {
            var known = _versions.GetValueOrDefault(part.Owner);
            if (part.Owner == self || !members.Contains(part.Owner) || part.Since > known || part.UpTo <= known) continue;
            foreach (var entry in part.Entries.Where(entry => entry.Version > known)) Take(part.Owner, entry, nowMs);
            _versions[part.Owner] = part.UpTo;
        }
    }

    /// <summary>What somebody lacks who has <paramref name="known"/>; the oldest first, so that what is cut off comes next time.</summary>
    public Delta Missing(ImmutableDictionary<UniqueAddress, long> known, int most)
    {
        var parts = ImmutableList.CreateBuilder<Delta.Part>();
        foreach (var (owner, version) in _versions)
        {
            if (most <= 0) break;
            var has = known.GetValueOrDefault(owner);
            if (version <= has) continue;
            var lacking = _entries.GetValueOrDefault(owner, []).Values.Where(entry => entry.Version > has).OrderBy(entry => entry.Version).Take(most).ToImmutableList();
            most -= lacking.Count;
            parts.Add(new Delta.Part(owner, has, most > 0 ? version : lacking[^1].Version, lacking));
        }

        return new Delta(parts.ToImmutable());
    }

    public bool IsBehind(ImmutableDictionary<UniqueAddress, long> other, IReadOnlySet<UniqueAddress> members) =>
        other.Any(each => members.Contains(each.Key) && each.Value > _versions.GetValueOrDefault(each.Key));

    public void Forget(UniqueAddress node)
    {
        _versions.Remove(node);
        if (!_entries.Remove(node, out var entries)) return;
        foreach (var key in entries.Keys) RemoveNode(key, node);
    }

    /// <summary>Drops what was removed before that time: by now all know it.</summary>
    public void Prune(long removedBeforeMs)
    {
        while (_removed.TryPeek(out var oldest) && oldest.AtMs < removedBeforeMs)
        {
            _removed.Dequeue();
            if (_entries.TryGetValue(oldest.Owner, out var entries) && entries.TryGetValue(oldest.Entry.Key, out var now) && now == oldest.Entry)
                entries.Remove(oldest.Entry.Key);
        }
    }

    private void Take(UniqueAddress owner, RegistryEntry entry, long nowMs)
    {
        if (!_entries.TryGetValue(owner, out var entries)) _entries[owner] = entries = [];
        entries[entry.Key] = entry;
        _versions[owner] = entry.Version;
        if (!entry.IsPresent)
        {
            _removed.Enqueue((owner, entry, nowMs));
            RemoveNode(entry.Key, owner);
            return;
        }

        if (!_nodesByKey.TryGetValue(entry.Key, out var nodes)) _nodesByKey[entry.Key] = nodes = [];
        nodes.Add(owner);
    }

    private void RemoveNode(string key, UniqueAddress node)
    {
        if (!_nodesByKey.TryGetValue(key, out var nodes)) return;
        nodes.Remove(node);
        if (nodes.Count == 0) _nodesByKey.Remove(key);
    }
}

/// <summary>The keys of the registry.</summary>
internal static class RegistryKey
{
    private const char GroupSeparator = '\n';

    public static string Path(string path) => "P" + path;

    /// <param name="group">Null for none.</param>
    public static string Topic(string topic, string group) => group is null ? "T" + topic : $"G{topic}{GroupSeparator}{group}";

    public static bool IsTopic(string key) => key[0] is 'T' or 'G';

    public static string TopicOf(string key) => key[0] == 'T' ? key[1..] : key[1..key.IndexOf(GroupSeparator, StringComparison.Ordinal)];

    public static bool IsGroupOf(string key, string topic) => key[0] == 'G' && TopicOf(key) == topic;
}
