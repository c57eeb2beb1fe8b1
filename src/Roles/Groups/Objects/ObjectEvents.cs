namespace ActorInference.Roles.Groups.Objects;

/// <summary>What sets, adapters and warm-ups journal.</summary>
public static class ObjectEvents
{
    public interface IObjectEvent : IGroupMessage;

    /// <summary>It is declared so from now on.</summary>
    public sealed record ObjectDeclared(string Yaml, string Owner, DateTimeOffset At) : IObjectEvent;

    public sealed record ObjectDeleting : IObjectEvent;

    public sealed record ObjectEnded : IObjectEvent;

    /// <summary>A group of a set was declared from the set's template.</summary>
    /// <param name="Template">Names the template's content, sizes included.</param>
    public sealed record ChildDeclared(int Index, string Template) : IObjectEvent;

    public sealed record ChildEnded(int Index) : IObjectEvent;

    /// <summary>An adapter's role is to have so many instances from now on.</summary>
    public sealed record AdapterScaled(int Replicas, string Reason, DateTimeOffset At) : IObjectEvent;

    /// <summary>A warm-up has begun.</summary>
    public sealed record WarmupBegun(DateTimeOffset At) : IObjectEvent;

    /// <summary>A host has done its part of a warm-up, or failed once more.</summary>
    public sealed record HostWarmed(string Node, bool IsSuccess, string Message) : IObjectEvent;

    /// <summary>A warm-up is over.</summary>
    /// <param name="Phase">Completed or Failed.</param>
    public sealed record WarmupEnded(string Phase, string Reason, DateTimeOffset At) : IObjectEvent;
}
