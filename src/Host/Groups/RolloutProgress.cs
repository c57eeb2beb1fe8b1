using ActorInference.Roles.Groups.Control;

namespace ActorInference.Host.Groups;

/// <summary>How far a rollout is, and whether more of it is to be waited for.</summary>
/// <param name="Line">For people.</param>
/// <param name="IsDone">It is where it is to be, partition included.</param>
/// <param name="Failure">Why it will not get there without somebody's doing; null if it is there, or on its way.</param>
public sealed record RolloutProgress(string Line, bool IsDone, string? Failure)
{
    public static RolloutProgress Of(GroupBody group) => group switch
    {
        { Status: "Deleting" } => Failed(group, $"group {group.Name} is being deleted"),
        _ when group.Cause.StartsWith(GroupState.RollBackCause, StringComparison.Ordinal) =>
            Failed(group, $"the rollout of group {group.Name} has failed and is rolled back, as revision {group.Revision}: {group.Cause[GroupState.RollBackCause.Length..]}"),
        { Status: "Ready" } => new RolloutProgress($"group {group.Name} is rolled out: revision {group.Revision}", IsDone: true, null),
        { Status: "Partitioned" } => new RolloutProgress($"group {group.Name} is rolled out as far as its partition lets it: revision {group.Revision}, {Counts(group)}", IsDone: true, null),
        { Status: "Paused" } => Failed(group, $"the rollout of group {group.Name} is paused; 'rollout resume {group.Name}', or its spec, lets it go on"),
        { Status: "Stalled" } => Failed(group, $"the rollout of group {group.Name} has exceeded its progress deadline: {group.Stalled}"),
        _ => new RolloutProgress(Progress(group), IsDone: false, null),
    };

    private static RolloutProgress Failed(GroupBody group, string failure) => new(Progress(group), IsDone: false, failure);

    private static string Progress(GroupBody group) => $"{group.Status.ToLowerInvariant()}: {Counts(group)}";

    private static string Counts(GroupBody group) => string.Join(", ", group.Roles.Select(role => $"{role.Name} {role.Updated}/{role.Desired} updated, {role.Ready} ready"));
}
