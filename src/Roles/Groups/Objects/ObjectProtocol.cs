using System.Collections.Immutable;
using ActorInference.Roles.Groups.Control;

namespace ActorInference.Roles.Groups.Objects;

/// <summary>What is declared beside groups and policies, and has an actor of its own.</summary>
public enum ObjectKind
{
    /// <summary>A RoleBasedGroupSet.</summary>
    Set,

    /// <summary>A RoleBasedGroupScalingAdapter.</summary>
    Adapter,

    /// <summary>A RoleBasedGroupWarmup.</summary>
    Warmup,
}

/// <summary>What an object is asked, and tells.</summary>
public static class ObjectProtocol
{
    /// <summary>For one object.</summary>
    public interface IForObject : IGroupMessage
    {
        ObjectKind Kind { get; }

        string Name { get; }
    }

    /// <summary>Declare it anew. Answered by <see cref="Done"/> or <see cref="Refused"/>.</summary>
    /// <param name="Yaml">Resolved.</param>
    /// <param name="Owner">Group that declares it for one of its roles, and with which it ends; empty for people.</param>
    public sealed record Declare(ObjectKind Kind, string Name, string Yaml, string Owner, DateTimeOffset At) : IForObject;

    /// <summary>Have so many replicas: groups of a set, or instances of an adapter's role.</summary>
    public sealed record Scale(ObjectKind Kind, string Name, int Replicas, DateTimeOffset At) : IForObject;

    /// <summary>End it; a set ends its groups first.</summary>
    public sealed record Delete(ObjectKind Kind, string Name, DateTimeOffset At) : IForObject;

    /// <summary>Be in memory, and go on. Repeated.</summary>
    public sealed record Wake(ObjectKind Kind, string Name) : IForObject;

    /// <summary>Asks for everything. Answered by <see cref="State"/> or <see cref="Refused"/>.</summary>
    public sealed record GetState(ObjectKind Kind, string Name) : IForObject;

    /// <param name="Outcome">created, configured or unchanged.</param>
    public sealed record Done(ObjectKind Kind, string Name, string Outcome) : IGroupMessage;

    /// <summary>It cannot be done; nothing was.</summary>
    public sealed record Refused(ObjectKind Kind, string Name, string Message) : IGroupMessage
    {
        /// <summary>Whether it is that there is none of this name.</summary>
        public bool IsMissing { get; init; }
    }

    /// <param name="Phase">Of its kind: Ready or Progressing; Bound or NotBound; Running, Paused, Completed or Failed. Of all: Deleting.</param>
    /// <param name="Target">What it is about: the group and role of an adapter; empty else.</param>
    /// <param name="Message">Why it does not go on; empty if it does.</param>
    /// <param name="Parts">Groups of a set, the role of an adapter, hosts of a warm-up.</param>
    public sealed record State(
        ObjectKind Kind, string Name, string Yaml, string Phase, string Target, string Message, int Desired, int Current, int Ready, ImmutableArray<ObjectPart> Parts,
        DateTimeOffset CreatedAt, ImmutableArray<GroupNote> Notes) : IGroupMessage;
}

/// <summary>One part of an object.</summary>
/// <param name="Status">In a word.</param>
public sealed record ObjectPart(string Name, string Status, string Message);
