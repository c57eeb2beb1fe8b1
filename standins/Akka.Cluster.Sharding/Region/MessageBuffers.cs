using Akka.Actor;
using Akka.Event;

namespace Akka.Cluster.Sharding.Region;

/// <summary>Messages that wait for their shards, in order, at most so many together.</summary>
internal sealed class MessageBuffers(int capacity)
{
    private readonly Dictionary<string, Queue<(object Message, IActorRef Sender)>> _byShard = [];

    public int Count { get; private set; }

    public IReadOnlyCollection<string> Shards => _byShard.Keys;

    public bool Has(string shard) => _byShard.ContainsKey(shard);

    public bool TryAdd(string shard, object message, IActorRef sender)
    {
        if (Count >= capacity) return false;
        if (!_byShard.TryGetValue(shard, out var queue)) _byShard[shard] = queue = new();
        queue.Enqueue((message, sender));
        Count++;
        return true;
    }

    public IReadOnlyCollection<(object Message, IActorRef Sender)> Take(string shard)
    {
        if (!_byShard.Remove(shard, out var queue)) return [];
        Count -= queue.Count;
        return queue;
    }

    /// <summary>Takes those that may have come by way of another region: all but the ones of this node's own senders.</summary>
    public IReadOnlyCollection<(object Message, IActorRef Sender)> TakeOfOthers(string shard, IActorRef deadLetters)
    {
        if (!_byShard.TryGetValue(shard, out var queue)) return [];
        var others = queue.Where(each => each.Sender is not IInternalActorRef { IsLocal: true } || each.Sender.IsNobody() || each.Sender.Equals(deadLetters)).ToList();
        if (others.Count == 0) return others;
        _byShard.Remove(shard);
        if (others.Count < queue.Count) _byShard[shard] = new(queue.Except(others));
        Count -= others.Count;
        return others;
    }

    public void DropAll(IActorRef deadLetters)
    {
        foreach (var (message, sender) in _byShard.Values.SelectMany(queue => queue))
            deadLetters.Tell(new DeadLetter(message, sender ?? ActorRefs.Nobody, ActorRefs.Nobody), ActorRefs.NoSender);
        _byShard.Clear();
        Count = 0;
    }
}
