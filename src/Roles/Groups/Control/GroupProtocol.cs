using System.Collections.Immutable;

namespace ActorInference.Roles.Groups.Control;

/// <summary>What a group is asked, and tells.</summary>
public static class GroupProtocol
{
    /// <summary>For one group.</summary>
    public interface IForGroup : IGroupMessage
    {
        string Group { get; }
    }

    /// <summary>Declare the group anew. Answered by <see cref="Applied"/>.</summary>
    /// <param name="Desired">The group as YAML, resolved; empty to leave it as it is.</param>
    /// <param name="Policy">Its policy as YAML; null to leave it as it is.</param>
    /// <param name="At">When.</param>
    public sealed record Apply(string Group, string Desired, string? Policy, DateTimeOffset At) : IForGroup
    {
        /// <summary>Answer as if, and do nothing.</summary>
        public bool IsDryRun { get; init; }

        /// <summary>Comes back with the answer.</summary>
        public string Tag { get; init => field = value ?? ""; } = "";
    }

    /// <param name="Outcome">created, configured or unchanged.</param>
    public sealed record Applied(string Group, string Outcome, long Revision) : IGroupMessage
    {
        /// <summary>Of what was applied.</summary>
        public string Tag { get; init => field = value ?? ""; } = "";
    }

    /// <summary>It cannot be done; nothing was.</summary>
    public sealed record Rejected(string Group, string Message) : IGroupMessage
    {
        /// <summary>Whether it is that there is none of this name.</summary>
        public bool IsMissing { get; init; }

        public static Rejected NoGroup(string group) => new(group, $"group is '{group}'; there is none of this name.") { IsMissing = true };
    }

    /// <summary>Have so many instances of a role.</summary>
    public sealed record Scale(string Group, string Role, int Replicas, DateTimeOffset At) : IForGroup;

    /// <summary>Stop a rollout where it stands, or let it go on.</summary>
    public sealed record SetPaused(string Group, bool IsPaused, DateTimeOffset At) : IForGroup;

    /// <summary>Declare an earlier revision again.</summary>
    /// <param name="Revision">Its number; 0 for the one before the present.</param>
    public sealed record Undo(string Group, long Revision, DateTimeOffset At) : IForGroup;

    /// <summary>Begin all instances again, by the rules of a rollout.</summary>
    /// <param name="Role">Of one role only; empty for all.</param>
    public sealed record Restart(string Group, string Role, DateTimeOffset At) : IForGroup;

    /// <summary>End the group: its instances in reverse order, then itself.</summary>
    public sealed record Delete(string Group, DateTimeOffset At) : IForGroup;

    /// <summary>Tell the coordinator what is declared; said now and then, so that a lost message costs time only.</summary>
    public sealed record Wake(string Group) : IForGroup;

    /// <summary>Asks for everything. Answered by <see cref="State"/> or <see cref="Rejected"/>.</summary>
    public sealed record GetState(string Group) : IForGroup;

    /// <param name="Desired">As YAML.</param>
    /// <param name="Revisions">Kept ones, oldest first.</param>
    /// <param name="Current">Number of the declared one.</param>
    /// <param name="Stable">Number of the one last rolled out whole; 0 for none.</param>
    public sealed record State(
        string Group, long Generation, string Desired, string Policy, ImmutableArray<GroupRevision> Revisions, long Current, long Stable, bool IsPaused, bool IsDeleting,
        DateTimeOffset CreatedAt, ImmutableArray<GroupNote> Notes) : IGroupMessage;

    /// <summary>From the coordinator: the declared revision is rolled out whole.</summary>
    public sealed record Promote(string Group, long Generation, DateTimeOffset At) : IForGroup;

    /// <summary>From the coordinator: the declared revision has failed.</summary>
    public sealed record RollBack(string Group, long Generation, string Reason, DateTimeOffset At) : IForGroup;

    /// <summary>From the coordinator: nothing of the group is left.</summary>
    public sealed record Ended(string Group) : IForGroup;

    /// <summary>From the coordinator: something that people ask about later.</summary>
    public sealed record Note(string Group, GroupNote Value) : IForGroup;
}

/// <summary>One revision of a group.</summary>
/// <param name="Number">From 1.</param>
/// <param name="Hash">Of its content without sizes.</param>
/// <param name="Yaml">Whole.</param>
/// <param name="Cause">What made it: apply, undo, restart, roll-back.</param>
public sealed record GroupRevision(long Number, string Hash, string Yaml, DateTimeOffset At, string Cause);

/// <summary>What happened, as kubectl's events: counted if it happens again.</summary>
/// <param name="IsWarning">Or normal.</param>
/// <param name="Subject">Name of the group or instance.</param>
public sealed record GroupNote(DateTimeOffset At, bool IsWarning, string Reason, string Subject, string Message, int Count = 1);
