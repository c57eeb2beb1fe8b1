using System.Collections.Immutable;
using ActorInference.Roles.Groups.Objects;
using ActorInference.Roles.Groups.Planning;

namespace ActorInference.Roles.Groups.Control;

/// <summary>States in their journaled form, which is apart from the states' own: those may change, these only gain fields.</summary>
public static class ControlSnapshots
{
    /// <summary>Of the fleet.</summary>
    public sealed record Fleet(ImmutableArray<string> Groups, ImmutableArray<Listed> Objects) : IGroupMessage;

    /// <summary>A set, adapter or warm-up that there is.</summary>
    public sealed record Listed(ObjectKind Kind, string Name);

    /// <summary>Of a group.</summary>
    public sealed record Group(
        ImmutableArray<GroupRevision> Revisions, long Stable, string StableYaml, string Policy, bool IsPaused, bool IsDeleting, long Generation, DateTimeOffset CreatedAt) : IGroupMessage
    {
        public static Group Of(GroupState state) =>
            new(state.Revisions, state.Stable, state.StableYaml, state.Policy, state.IsPaused, state.IsDeleting, state.Generation, state.CreatedAt);

        public GroupState ToState(string name) => new(name, Revisions, Stable, StableYaml, Policy, IsPaused, IsDeleting, Generation, CreatedAt);
    }

    /// <summary>Of a coordinator.</summary>
    public sealed record Rollout(
        RolloutEvents.Declared? Declaration, ImmutableArray<Instance> Instances, RolloutClock? Clock, ImmutableArray<string> Seeds,
        ImmutableArray<RolloutEvents.FaultSeen> Faults, RolloutEvents.RecreationBegun? Recreation, bool IsRecreating) : IGroupMessage
    {
        /// <summary>Absent if there are none.</summary>
        public IReadOnlyList<string>? Former { get; init; }

        public static Rollout Of(RolloutState state) => new(
            state.Declaration,
            [.. state.Instances.Values.OrderBy(each => each.Key.Role, StringComparer.Ordinal).ThenBy(each => each.Key.Ordinal).Select(Instance.Of)],
            state.Clock,
            state.Seeds,
            [.. state.Faults.Values.OrderBy(fault => fault.Process, StringComparer.Ordinal)],
            state.Recreation,
            state.IsRecreating)
        {
            Former = state.Former.IsEmpty ? null : state.Former,
        };

        public RolloutState ToState() => new(Declaration, Instances.Select(each => each.ToManaged()).ToImmutableDictionary(each => each.Key), Clock, Seeds)
        {
            Faults = Faults.ToImmutableDictionary(fault => fault.Process),
            Former = [.. Former ?? []],
            Recreation = Recreation,
            IsRecreating = IsRecreating,
        };
    }

    /// <summary>One instance of a coordinator.</summary>
    public sealed record Instance(string Role, int Ordinal, string Revision, ImmutableArray<Place> Places, DateTimeOffset CreatedAt, bool InPlace, TimeSpan Grace, bool IsDeleting)
    {
        public static Instance Of(ManagedInstance managed) =>
            new(managed.Key.Role, managed.Key.Ordinal, managed.Revision, managed.Places, managed.CreatedAt, managed.InPlace, managed.Grace, managed.IsDeleting);

        public ManagedInstance ToManaged() => new(new InstanceKey(Role, Ordinal), Revision, Places, CreatedAt, InPlace, Grace, IsDeleting);
    }

    /// <summary>Of a role instance.</summary>
    public sealed record RoleInstance(
        InstanceOrder? Order, InstanceOrder? Former, bool IsBegun, bool IsDone, bool IsRemoved, int Restarts, DateTimeOffset CreatedAt, DateTimeOffset OrderedAt,
        int Failures, DateTimeOffset? FailedAt, DateTimeOffset? LinkedTo) : IGroupMessage
    {
        public static RoleInstance Of(RoleInstanceState state) => new(
            state.Order, state.Former, state.IsBegun, state.IsDone, state.IsRemoved, state.Restarts, state.CreatedAt, state.OrderedAt, state.Failures, state.FailedAt, state.LinkedTo);

        public RoleInstanceState ToState() => new(Order, Former, IsBegun, IsDone, IsRemoved, Restarts, CreatedAt, OrderedAt)
        {
            Failures = Failures,
            FailedAt = FailedAt,
            LinkedTo = LinkedTo,
        };
    }
}
