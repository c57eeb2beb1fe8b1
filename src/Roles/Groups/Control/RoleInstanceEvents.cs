namespace ActorInference.Roles.Groups.Control;

/// <summary>What a role instance journals.</summary>
public static class RoleInstanceEvents
{
    public interface IRoleInstanceEvent : IGroupMessage;

    /// <summary>It is to be this from now on.</summary>
    public sealed record OrderTaken(InstanceOrder Order, DateTimeOffset At) : IRoleInstanceEvent;

    /// <summary>Agents of its hosts are reached elsewhere; it is the same else.</summary>
    public sealed record OrderReaddressed(InstanceOrder Order) : IRoleInstanceEvent;

    /// <summary>Hosts of its processes are lost, or have not what they need: it is the same elsewhere, and begins at once.</summary>
    public sealed record OrderMoved(InstanceOrder Order, DateTimeOffset At) : IRoleInstanceEvent;

    /// <summary>Processes are touched from now on: it was out of service long enough, and its hook has run.</summary>
    public sealed record UpdateBegun : IRoleInstanceEvent;

    /// <summary>What it was before is gone, with all it had.</summary>
    public sealed record FormerCleared : IRoleInstanceEvent;

    /// <summary>It is what it was ordered to be.</summary>
    public sealed record OrderDone : IRoleInstanceEvent;

    /// <summary>All its processes are begun again, since one has failed or somebody asked.</summary>
    /// <param name="Generation">How often that was so.</param>
    public sealed record RestartedWhole(int Generation) : IRoleInstanceEvent
    {
        /// <summary>Failures in a row, this one included; null if somebody asked.</summary>
        public int? Failures { get; init; }

        /// <summary>When that was; null in journals of before it was kept.</summary>
        public DateTimeOffset? At { get; init; }

        /// <summary>The failure elsewhere that it was for; null if it was none.</summary>
        public DateTimeOffset? LinkedTo { get; init; }
    }

    public sealed record RemovalBegun : IRoleInstanceEvent;

    public sealed record RemovalDone : IRoleInstanceEvent;
}
