using System.Collections.Immutable;
using ActorInference.Roles.Groups.Spec;

namespace ActorInference.Roles.Groups.Planning;

/// <summary>One role as a plan sees it: what is declared, what was stable, what exists.</summary>
internal sealed class RoleView
{
    public RoleView(RoleSpec spec, RoleSpec? stable, IEnumerable<ObservedInstance> instances, DateTimeOffset now)
    {
        Spec = spec;
        Update = SpecRevision.Of(spec);
        Stable = stable is null ? Update : SpecRevision.Of(stable);
        StableSpec = stable;
        Now = now;
        foreach (var instance in instances.OrderBy(instance => instance.Ordinal)) (instance.Phase == InstancePhase.Terminating ? Leaving : Live).Add(instance);
    }

    public RoleSpec Spec { get; }

    public RoleSpec? StableSpec { get; }

    /// <summary>Revision that instances are to have.</summary>
    public string Update { get; }

    /// <summary>Revision of those that are not to be updated yet.</summary>
    public string Stable { get; }

    public DateTimeOffset Now { get; }

    public string Name => Spec.Name;

    public int Desired => Spec.Replicas;

    /// <summary>By ordinal.</summary>
    public List<ObservedInstance> Live { get; } = [];

    public List<ObservedInstance> Leaving { get; } = [];

    /// <summary>When an instance will have been ready, or not ready, for long enough; null if there is none to wait for.</summary>
    public DateTimeOffset? NextLook { get; private set; }

    public int ReadyCount => Live.Count(instance => instance.Ready);

    public int UpdatedCount => Live.Count(IsUpdated);

    public int MaxSurge => Spec.Rollout.MaxSurge.RoundUp(Desired);

    /// <summary>Updated ones without those that are there on top for the time of the update.</summary>
    public int BaseUpdated => WithoutSurge(Live);

    public int UpdatedAvailable => Live.Count(instance => IsUpdated(instance) && IsAvailable(instance));

    /// <summary>Whether there is a revision to bring instances to.</summary>
    public bool InRollout => Update != Stable || Live.Any(instance => !IsUpdated(instance));

    public bool IsUpdated(ObservedInstance instance) => instance.Revision == Update;

    /// <summary>Updated ones of some instances, without surge.</summary>
    public int WithoutSurge(List<ObservedInstance> instances) => Math.Max(0, instances.Count(IsUpdated) - Math.Clamp(instances.Count - Desired, 0, MaxSurge));

    /// <summary>Ready for as long as the role asks.</summary>
    public bool IsAvailable(ObservedInstance instance)
    {
        if (!instance.Ready) return false;
        if (instance.Since is not { } since || Now - since >= Spec.MinReady) return true;
        LookAt(since + Spec.MinReady);
        return false;
    }

    /// <summary>Whether it has not been ready for a time; if not yet, the time is noted.</summary>
    public bool HasBeenDown(ObservedInstance instance, TimeSpan time)
    {
        if (instance.Ready) return false;
        if (instance.Since is not { } since || Now - since >= time) return true;
        LookAt(since + time);
        return false;
    }

    public void LookAt(DateTimeOffset time)
    {
        if (NextLook is null || time < NextLook) NextLook = time;
    }

    public RoleProgress Progress(RoleLimits limits) =>
        new(Name, Desired, limits.Target, Live.Count, ReadyCount, UpdatedCount, Live.Count(instance => IsUpdated(instance) && instance.Ready), limits.Updatable);
}

/// <summary>How far one role may go in one step.</summary>
/// <param name="Target">Replicas.</param>
/// <param name="Updatable">Instances that may be of the new revision.</param>
/// <param name="Partition">Instances of the lowest ordinals that keep the old one.</param>
internal sealed record RoleLimits(int Target, int Updatable, int Partition, IntOrPercent MaxUnavailable)
{
    /// <summary>Roles that bound the update, other than by their own settings.</summary>
    public ImmutableArray<string> With { get; init; } = [];
}
