using System.Collections.Immutable;

namespace ActorInference.Roles.Groups.Planning;

/// <summary>What to do next. Each action may be done on its own, and the next plan is made from what is then observed.</summary>
/// <param name="Actions">In the order of the roles' dependencies; may be done at once.</param>
/// <param name="Holds">What does not go on, and why.</param>
/// <param name="NextLook">When time alone changes the plan; null is never.</param>
public sealed record Plan(ImmutableArray<PlannedAction> Actions, ImmutableArray<Hold> Holds, ImmutableArray<RoleProgress> Roles, DateTimeOffset? NextLook)
{
    /// <summary>Nothing is left to do: everything is as declared, or, of a group that is deleted, gone.</summary>
    public bool Done { get; init; }

    /// <summary>Nothing is under way: complete, or held by a partition or a pause. A rollout's deadline does not run.</summary>
    public bool Resting { get; init; }

    /// <summary>Which instance a rollout that has exceeded its deadline waits for, and why; empty if it has not.</summary>
    public string Stalled { get; init; } = "";
}

/// <summary>One thing to do.</summary>
public abstract record PlannedAction;

/// <summary>On one instance.</summary>
public abstract record InstanceAction(InstanceKey Instance) : PlannedAction;

/// <param name="Revision">Revision of its role that it starts with.</param>
/// <param name="Surge">Whether it is there only while its role is updated.</param>
public sealed record CreateInstance(InstanceKey Instance, string Revision, bool Surge) : InstanceAction(Instance);

/// <param name="InPlace">On the same place with its name, address, ports and paths; else it is ended and created anew under its name.</param>
/// <param name="Grace">How long it is out of service before it is touched.</param>
public sealed record UpdateInstance(InstanceKey Instance, string From, string To, bool InPlace, TimeSpan Grace) : InstanceAction(Instance);

/// <summary>Drained, then ended.</summary>
public sealed record DeleteInstance(InstanceKey Instance, string Reason) : InstanceAction(Instance);

/// <summary>The whole group is at its declared revision, which from now on is the stable one.</summary>
public sealed record PromoteRevision(string Revision) : PlannedAction;

/// <summary>The declared revision has failed: the stable one is declared again.</summary>
public sealed record RollBack(string Revision, string Reason) : PlannedAction;

/// <summary>Something that does not go on.</summary>
/// <param name="Role">Role concerned.</param>
/// <param name="Instance">What it waits for; null if it is no instance.</param>
public sealed record Hold(string Role, InstanceKey? Instance, string Reason)
{
    /// <summary>For how long the instance has been so; null if that is not known. Apart from the reason, which stays the same.</summary>
    public TimeSpan? For { get; init; }
}

/// <summary>Counts of one role, surge included.</summary>
/// <param name="Desired">Replicas as declared.</param>
/// <param name="Target">Replicas of this step.</param>
/// <param name="Updatable">Instances that may be of the new revision in this step.</param>
public sealed record RoleProgress(string Role, int Desired, int Target, int Existing, int Ready, int Updated, int UpdatedReady, int Updatable);
