using System.Collections.Immutable;

namespace ActorInference.Roles.Agents;

/// <summary>How a process is asked whether it is well.</summary>
public enum ProbeKind
{
    /// <summary>GET answers 200 to 399.</summary>
    Http,

    /// <summary>A connection is taken.</summary>
    Tcp,

    /// <summary>A program ends with exit code 0.</summary>
    Exec,
}

/// <summary>One question to a process.</summary>
/// <param name="Kind">How it is asked.</param>
/// <param name="Host">Empty for the instance's address.</param>
/// <param name="Port">Name of a port, or the number that the spec gives it.</param>
/// <param name="Path">Of http.</param>
/// <param name="Command">Of exec.</param>
/// <param name="Method">Of http.</param>
public sealed record ProbeAction(ProbeKind Kind, string Host, string Port, string Path, ImmutableArray<string> Command, string Method = "GET")
{
    public static ProbeAction Http(string port, string path) => new(ProbeKind.Http, "", port, path, []);

    public static ProbeAction Tcp(string port) => new(ProbeKind.Tcp, "", port, "", []);

    public static ProbeAction Exec(params ImmutableArray<string> command) => new(ProbeKind.Exec, "", "", "", command);
}

/// <summary>A question that is repeated, and how often it must be answered.</summary>
/// <param name="Action">The question.</param>
public sealed record ProbeSpec(ProbeAction Action)
{
    /// <summary>After the process began.</summary>
    public TimeSpan InitialDelay { get; init; }

    public TimeSpan Period { get; init; } = TimeSpan.FromSeconds(10);

    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Good answers in a row before it counts as well.</summary>
    public int SuccessThreshold { get; init; } = 1;

    /// <summary>Bad answers in a row before it counts as ill.</summary>
    public int FailureThreshold { get; init; } = 3;
}

/// <param name="IsSuccess">Whether it is well.</param>
/// <param name="Reason">What was wrong; empty if nothing.</param>
public sealed record ProbeResult(bool IsSuccess, string Reason)
{
    public static readonly ProbeResult Success = new(true, "");

    public static ProbeResult Failure(string reason) => new(false, reason);
}

/// <summary>Counts answers in a row.</summary>
/// <param name="Successes">Good ones since the last bad one.</param>
/// <param name="Failures">Bad ones since the last good one.</param>
/// <param name="Reason">Of the last bad one.</param>
public readonly record struct ProbeCounter(int Successes, int Failures, string? Reason)
{
    public ProbeCounter Count(ProbeResult result) => result.IsSuccess
        ? new ProbeCounter(Successes + 1, 0, null)
        : new ProbeCounter(0, Failures + 1, result.Reason);

    public bool IsWell(ProbeSpec spec) => Successes >= spec.SuccessThreshold;

    public bool IsIll(ProbeSpec spec) => Failures >= spec.FailureThreshold;
}
