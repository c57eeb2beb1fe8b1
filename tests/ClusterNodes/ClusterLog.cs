using Akka.Actor;
using Akka.Cluster;

namespace ActorInference.ClusterNodes.Tests;

/// <summary>The cluster's events at one node, in their order, and what follows from them.</summary>
public sealed class ClusterLog(string node)
{
    private readonly Lock _lock = new();
    private readonly List<ClusterEvent.IClusterDomainEvent> _events = [];
    private readonly Dictionary<UniqueAddress, Member> _members = [];
    private readonly HashSet<UniqueAddress> _unreachable = [];
    private readonly List<(Func<ClusterLog, bool> Holds, TaskCompletionSource Done)> _waiting = [];

    /// <summary>The status of the member at that address; null if there is none, or two incarnations of it.</summary>
    public MemberStatus? StatusOf(Address address)
    {
        lock (_lock)
        {
            var there = _members.Values.Where(member => member.Address.Equals(address)).ToList();
            return there.Count == 1 ? there[0].Status : null;
        }
    }

    public bool IsMember(Address address)
    {
        lock (_lock) return _members.Keys.Any(member => member.Address.Equals(address));
    }

    public bool IsUnreachable(Address address)
    {
        lock (_lock) return _unreachable.Any(member => member.Address.Equals(address));
    }

    public IReadOnlyList<Member> Members
    {
        get
        {
            lock (_lock) return [.. _members.Values];
        }
    }

    /// <summary>The names of the events about one member, in order.</summary>
    public IReadOnlyList<string> EventsAbout(UniqueAddress member)
    {
        lock (_lock) return [.. _events.Where(each => MemberOf(each).UniqueAddress.Equals(member)).Select(each => each.GetType().Name)];
    }

    /// <summary>Done when the condition holds.</summary>
    /// <exception cref="TimeoutException">It does not within <see cref="ClusterNode.Patience"/>; the message tells what happened instead.</exception>
    public async Task Until(string what, Func<ClusterLog, bool> holds)
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_lock)
        {
            if (holds(this)) return;
            _waiting.Add((holds, done));
        }

        try
        {
            await done.Task.WaitAsync(ClusterNode.Patience);
        }
        catch (TimeoutException)
        {
            throw new TimeoutException($"{node} has not seen: {what}. It saw: {this}");
        }
    }

    public override string ToString()
    {
        lock (_lock) return string.Join(", ", _events.Select(each => $"{each.GetType().Name}({MemberOf(each).Address.Port})"));
    }

    internal void Add(ClusterEvent.IClusterDomainEvent @event)
    {
        lock (_lock)
        {
            _events.Add(@event);
            Apply(@event);
            foreach (var (_, done) in _waiting.Where(each => each.Holds(this))) done.TrySetResult();
        }
    }

    private static Member MemberOf(ClusterEvent.IClusterDomainEvent @event) => @event switch
    {
        ClusterEvent.IMemberEvent change => change.Member,
        ClusterEvent.IReachabilityEvent change => change.Member,
        _ => throw new InvalidOperationException($"{@event} is about no member."),
    };

    private void Apply(ClusterEvent.IClusterDomainEvent @event)
    {
        var member = MemberOf(@event);
        switch (@event)
        {
            case ClusterEvent.MemberRemoved:
                _members.Remove(member.UniqueAddress);
                _unreachable.Remove(member.UniqueAddress);
                break;
            case ClusterEvent.IMemberEvent:
                _members[member.UniqueAddress] = member;
                break;
            case ClusterEvent.UnreachableMember:
                _unreachable.Add(member.UniqueAddress);
                break;
            case ClusterEvent.ReachableMember:
                _unreachable.Remove(member.UniqueAddress);
                break;
        }
    }
}

internal sealed class ClusterLogActor : ReceiveActor
{
    public ClusterLogActor(ClusterLog log)
    {
        Receive<ClusterEvent.IMemberEvent>(log.Add);
        Receive<ClusterEvent.IReachabilityEvent>(log.Add);
    }
}
