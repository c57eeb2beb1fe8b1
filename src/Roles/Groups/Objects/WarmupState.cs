using System.Collections.Immutable;
using ActorInference.Roles.Groups.Planning;

namespace ActorInference.Roles.Groups.Objects;

/// <summary>How far a warm-up is.</summary>
/// <param name="StartedAt">Null before it has begun.</param>
/// <param name="Hosts">Those that have ended at least once.</param>
/// <param name="Ended">Null while it runs.</param>
public sealed record WarmupState(DateTimeOffset? StartedAt, ImmutableSortedDictionary<string, WarmedHost> Hosts, ObjectEvents.WarmupEnded? Ended)
{
    public static readonly WarmupState Empty = new(null, ImmutableSortedDictionary.Create<string, WarmedHost>(StringComparer.Ordinal), null);

    public WarmupState Apply(ObjectEvents.IObjectEvent @event) => @event switch
    {
        ObjectEvents.WarmupBegun e => this with { StartedAt = e.At },
        ObjectEvents.HostWarmed e => this with { Hosts = Hosts.SetItem(e.Node, Hosts.GetValueOrDefault(e.Node, WarmedHost.New).After(e)) },
        ObjectEvents.WarmupEnded e => this with { Ended = e },
        ObjectEvents.ObjectEnded => Empty,
        _ => this,
    };

    /// <summary>A host as the planner sees it.</summary>
    public WarmupNode Describe(string host, bool isActive) =>
        Hosts.TryGetValue(host, out var warmed) ? new WarmupNode(host, isActive, warmed.IsSuccess, warmed.Failures) : new WarmupNode(host, isActive, Succeeded: false, 0);
}

/// <param name="Message">Of its last failure.</param>
public sealed record WarmedHost(bool IsSuccess, int Failures, string Message)
{
    public static readonly WarmedHost New = new(IsSuccess: false, 0, "");

    public WarmedHost After(ObjectEvents.HostWarmed warmed) => warmed.IsSuccess ? this with { IsSuccess = true, Message = "" } : this with { Failures = Failures + 1, Message = warmed.Message };
}
