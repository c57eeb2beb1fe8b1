using System.Collections;

namespace Akka.Actor.Internal;

/// <summary>Why an actor waits for children to stop.</summary>
internal abstract class SuspendReason
{
    /// <summary>It does not wait: it has stopped single children in passing.</summary>
    public static readonly SuspendReason UserRequest = new Plain();

    public static readonly SuspendReason Creation = new Plain();

    public static readonly SuspendReason Termination = new Plain();

    public bool IsWaiting => this != UserRequest;

    private sealed class Plain : SuspendReason;

    public sealed class Recreation(Exception cause) : SuspendReason
    {
        public Exception Cause { get; } = cause;
    }
}

/// <summary>
/// The children of one actor by name, and which of them are stopping. Others may look children up, and start them below
/// a guardian, while the actor runs: hence the lock. A name stays taken until its actor has wholly ended.
/// </summary>
internal sealed class ChildrenContainer
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, IInternalActorRef> _byName = [];   // A null value: the name is reserved.
    private HashSet<IActorRef> _stopping;
    private Dictionary<IActorRef, ChildRestartStats> _stats;
    private SuspendReason _reason = SuspendReason.UserRequest;
    private bool _closed;

    public bool IsWaiting
    {
        get
        {
            lock (_gate) return _reason.IsWaiting && _stopping is { Count: > 0 };
        }
    }

    public bool IsTerminating
    {
        get
        {
            lock (_gate) return _closed || _reason == SuspendReason.Termination;
        }
    }

    /// <exception cref="InvalidActorNameException">The name is taken.</exception>
    /// <exception cref="InvalidOperationException">The parent is ending.</exception>
    public void Reserve(string name)
    {
        lock (_gate)
        {
            if (_closed || _reason == SuspendReason.Termination)
                throw new InvalidOperationException($"Cannot reserve actor name '{name}': the parent is terminating or terminated.");
            if (!_byName.TryAdd(name, null)) throw new InvalidActorNameException($"Actor name \"{name}\" is not unique!");
        }
    }

    public void Unreserve(string name)
    {
        lock (_gate) _byName.Remove(name);
    }

    /// <summary>Puts the child at its reserved name. False if the parent has ended meanwhile.</summary>
    public bool Add(IInternalActorRef child)
    {
        lock (_gate)
        {
            if (_closed) return false;
            _byName[child.Path.Name] = child;
            if (_reason == SuspendReason.Termination) (_stopping ??= []).Add(child);
            return true;
        }
    }

    public bool TryGet(string name, out IInternalActorRef child)
    {
        lock (_gate) return _byName.TryGetValue(name, out child) && child is not null;
    }

    public bool Contains(IActorRef actor) => TryGet(actor.Path.Name, out var child) && child.Equals(actor);

    public IInternalActorRef[] All()
    {
        lock (_gate) return [.. _byName.Values.Where(child => child is not null)];
    }

    /// <summary>The counts of all children, made when somebody looks: most strategies judge one child only.</summary>
    public IReadOnlyCollection<ChildRestartStats> AllStats => new StatsWhenAsked(this);

    public ChildRestartStats StatsOf(IInternalActorRef child)
    {
        lock (_gate)
        {
            _stats ??= [];
            if (!_stats.TryGetValue(child, out var stats)) _stats[child] = stats = new ChildRestartStats(child);
            return stats;
        }
    }

    /// <summary>The child has been told to stop.</summary>
    public void ShallDie(IActorRef child)
    {
        lock (_gate)
        {
            if (_byName.TryGetValue(child.Path.Name, out var known) && known is not null && known.Equals(child)) (_stopping ??= []).Add(child);
        }
    }

    /// <summary>True if there are stopping children to wait for, and the reason is noted.</summary>
    public bool WaitFor(SuspendReason reason)
    {
        lock (_gate)
        {
            if (_stopping is not { Count: > 0 }) return false;
            _reason = reason;
            return true;
        }
    }

    /// <summary>Takes an ended child out. Returns why the parent waited, if this was the last it waited for.</summary>
    public SuspendReason Remove(IActorRef child)
    {
        lock (_gate)
        {
            if (_byName.TryGetValue(child.Path.Name, out var known) && known is not null && known.Equals(child)) _byName.Remove(child.Path.Name);
            _stats?.Remove(child);
            if (_stopping is null || !_stopping.Remove(child) || _stopping.Count > 0 || !_reason.IsWaiting) return null;
            var reason = _reason;
            if (reason != SuspendReason.Termination) _reason = SuspendReason.UserRequest;
            return reason;
        }
    }

    /// <summary>The parent has ended: no child may start any more.</summary>
    public IInternalActorRef[] Close()
    {
        lock (_gate)
        {
            _closed = true;
            return [.. _byName.Values.Where(child => child is not null)];
        }
    }

    private sealed class StatsWhenAsked(ChildrenContainer children) : IReadOnlyCollection<ChildRestartStats>
    {
        public int Count => children.All().Length;

        public IEnumerator<ChildRestartStats> GetEnumerator() => children.All().Select(children.StatsOf).GetEnumerator();

        IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
    }
}
