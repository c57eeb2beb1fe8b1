namespace ActorInference.Roles.Groups.Control;

/// <summary>What a group journals.</summary>
public static class GroupEvents
{
    public interface IGroupEvent : IGroupMessage;

    /// <summary>The group is declared so from now on: a new revision, or the present one in another size.</summary>
    /// <param name="Hash">Of its content without sizes.</param>
    /// <param name="Cause">What made it.</param>
    public sealed record GroupDeclared(string Yaml, string Hash, DateTimeOffset At, string Cause) : IGroupEvent;

    public sealed record PolicyDeclared(string Yaml) : IGroupEvent;

    public sealed record PauseSet(bool IsPaused) : IGroupEvent;

    /// <summary>The present revision was rolled out whole.</summary>
    public sealed record RevisionPromoted : IGroupEvent;

    public sealed record DeletionBegun : IGroupEvent;

    public sealed record GroupEnded : IGroupEvent;
}
