namespace ActorInference.Sharding.Tests;

/// <summary>Which entities live, and on which node: what no single node can know. Shared by all nodes of a test.</summary>
public sealed class EntityTable
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, int> _living = [];
    private readonly HashSet<int> _deadNodes = [];
    private readonly List<string> _twins = [];
    private readonly Dictionary<string, int> _starts = [];

    /// <summary>Every time that an entity began to live while it did elsewhere.</summary>
    public IReadOnlyList<string> Twins
    {
        get
        {
            lock (_lock) return [.. _twins];
        }
    }

    public int Count
    {
        get
        {
            lock (_lock) return _living.Count;
        }
    }

    public bool Lives(string entity)
    {
        lock (_lock) return _living.ContainsKey(entity);
    }

    /// <summary>The number of the node where the entity lives; null if it does not.</summary>
    public int? NodeOf(string entity)
    {
        lock (_lock) return _living.TryGetValue(entity, out var node) ? node : null;
    }

    public int StartsOf(string entity)
    {
        lock (_lock) return _starts.GetValueOrDefault(entity);
    }

    public void Begin(string entity, int node)
    {
        lock (_lock)
        {
            if (_deadNodes.Contains(node)) return;   // Of a process that is no more, it only does not know yet.
            _starts[entity] = _starts.GetValueOrDefault(entity) + 1;
            if (!_living.TryAdd(entity, node)) _twins.Add($"{entity} on {node} while on {_living[entity]}");
        }
    }

    public void End(string entity, int node)
    {
        lock (_lock)
        {
            if (_living.TryGetValue(entity, out var at) && at == node) _living.Remove(entity);
        }
    }

    /// <summary>The node is about to be killed: nothing lives there any more.</summary>
    public void Bury(int node)
    {
        lock (_lock)
        {
            _deadNodes.Add(node);
            foreach (var entity in _living.Where(each => each.Value == node).Select(each => each.Key).ToList()) _living.Remove(entity);
        }
    }
}
