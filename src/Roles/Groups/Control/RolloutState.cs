using System.Collections.Immutable;
using System.Diagnostics;
using ActorInference.Roles.Groups.Planning;

namespace ActorInference.Roles.Groups.Control;

/// <summary>One instance as its coordinator has ordered it.</summary>
/// <param name="Revision">That it is, or is to become.</param>
/// <param name="Places">One for each of its processes' members.</param>
/// <param name="InPlace">Whether it became so in place.</param>
public sealed record ManagedInstance(InstanceKey Key, string Revision, ImmutableArray<Place> Places, DateTimeOffset CreatedAt, bool InPlace, TimeSpan Grace, bool IsDeleting)
{
    /// <summary>The same with another agent on a host.</summary>
    public ManagedInstance At(string node, string agentPath) => Places.All(place => place.Node != node)
        ? this
        : this with { Places = [.. Places.Select(place => place.Node == node ? place with { AgentPath = agentPath } : place)] };
}

/// <summary>Where the rollout of a group stands.</summary>
/// <param name="Declaration">What the group is to be; null before it is said.</param>
/// <param name="Instances">All that have a place.</param>
/// <param name="Seeds">By which processes join the group's cluster, in the order in which they came to be known: the first may begin it.</param>
public sealed record RolloutState(
    RolloutEvents.Declared? Declaration, ImmutableDictionary<InstanceKey, ManagedInstance> Instances, RolloutClock? Clock, ImmutableArray<string> Seeds)
{
    /// <summary>More would not help anybody to join.</summary>
    public const int MaxSeeds = 5;

    public static readonly RolloutState Empty = new(null, ImmutableDictionary<InstanceKey, ManagedInstance>.Empty, null, []);

    /// <summary>Groups of before that instances still run, as YAML, the newest first; the declared and the stable one are not among them.</summary>
    public ImmutableArray<string> Former { get; init; } = [];

    /// <summary>The last unasked end of each process, by its name: kept when the instance is made anew.</summary>
    public ImmutableDictionary<string, RolloutEvents.FaultSeen> Faults { get; init; } = ImmutableDictionary<string, RolloutEvents.FaultSeen>.Empty;

    /// <summary>The last time that all instances were made anew for a failure; null if there was none.</summary>
    public RolloutEvents.RecreationBegun? Recreation { get; init; }

    /// <summary>Whether all instances are ending, to begin again.</summary>
    public bool IsRecreating { get; init; }

    public RolloutState Apply(RolloutEvents.IRolloutEvent @event) => @event switch
    {
        RolloutEvents.Declared e => this with { Declaration = e, Former = FormerGroups.After(this, e) },
        RolloutEvents.InstanceCreated e => With(new ManagedInstance(new InstanceKey(e.Role, e.Ordinal), e.Revision, e.Places, e.At, InPlace: true, TimeSpan.Zero, IsDeleting: false)),
        RolloutEvents.InstanceUpdated e when Find(e.Role, e.Ordinal) is { } instance => With(instance with { Revision = e.Revision, InPlace = e.InPlace, Grace = e.Grace }),
        RolloutEvents.InstanceDeleting e when Find(e.Role, e.Ordinal) is { } instance => With(instance with { IsDeleting = true }),
        RolloutEvents.InstanceUpdated or RolloutEvents.InstanceDeleting => this,
        RolloutEvents.InstanceGone e => Without(new InstanceKey(e.Role, e.Ordinal)),
        RolloutEvents.AgentMoved e => this with { Instances = Instances.ToImmutableDictionary(pair => pair.Key, pair => pair.Value.At(e.Node, e.AgentPath)) },
        RolloutEvents.InstanceMoved e when Find(e.Role, e.Ordinal) is { } instance => With(instance with { Places = e.Places }),
        RolloutEvents.InstanceMoved => this,
        RolloutEvents.SeedsLost e => this with { Seeds = e.Left },
        RolloutEvents.ClockMoved e => this with { Clock = e.Clock },
        RolloutEvents.FaultSeen e => this with { Faults = Faults.SetItem(e.Process, e) },
        RolloutEvents.RecreationBegun e => this with { Recreation = e, IsRecreating = true },
        RolloutEvents.RecreationEnded => this with { IsRecreating = false, Clock = null },
        RolloutEvents.SeedSeen e => this with { Seeds = Seeds.Add(e.Seed) },
        _ => throw new UnreachableException($"{nameof(RolloutState)} cannot apply {@event.GetType().Name}."),
    };

    public ManagedInstance? Find(string role, int ordinal) => Instances.GetValueOrDefault(new InstanceKey(role, ordinal));

    private RolloutState With(ManagedInstance instance) => this with { Instances = Instances.SetItem(instance.Key, instance) };

    private RolloutState Without(InstanceKey key)
    {
        var left = Instances.Remove(key);
        var faults = IsRecreating ? Faults : Faults.RemoveRange(Faults.Where(fault => fault.Value.Role == key.Role && fault.Value.Ordinal == key.Ordinal).Select(fault => fault.Key));
        return this with { Instances = left, Seeds = left.IsEmpty ? [] : Seeds, Faults = faults };
    }
}
