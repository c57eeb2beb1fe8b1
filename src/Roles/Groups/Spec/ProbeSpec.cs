using System.Collections.Immutable;

namespace ActorInference.Roles.Groups.Spec;

/// <summary>A question that is asked of a process again and again.</summary>
public sealed record ProbeSpec(ProbeAction Action)
{
    public TimeSpan InitialDelay { get; init; } = TimeSpan.Zero;

    public TimeSpan Period { get; init; } = TimeSpan.FromSeconds(10);

    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Good answers in a row that make it healthy.</summary>
    public int SuccessThreshold { get; init; } = 1;

    /// <summary>Bad answers in a row that make it unhealthy.</summary>
    public int FailureThreshold { get; init; } = 3;
}

/// <summary>How it is asked.</summary>
public abstract record ProbeAction;

/// <summary>Good from 200 to 399.</summary>
/// <param name="Port">A number, or the name of one of the container's ports.</param>
/// <param name="Host">Null is the instance's own address.</param>
public sealed record HttpAction(string Path, string Port, string Scheme, string? Host, ImmutableSortedDictionary<string, string> Headers) : ProbeAction;

/// <summary>Good if a connection is made.</summary>
public sealed record TcpAction(string Port, string? Host) : ProbeAction;

/// <summary>Good if it ends with 0.</summary>
public sealed record ExecAction(ImmutableArray<string> Command) : ProbeAction;
