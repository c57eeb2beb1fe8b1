using Akka.Actor;

namespace ActorInference.Roles.Agents;

/// <summary>Asks one process its probes when they are due, and keeps what the answers amount to. Used by its actor alone.</summary>
/// <param name="launch">What the process is.</param>
/// <param name="context">Where it is asked; null if that is not known, and then it is not.</param>
/// <param name="startedAt">When it began, on the clock that all times here are of.</param>
/// <param name="actor">Gets each <see cref="Answer"/>.</param>
internal sealed class ProcessProbing(InstanceLaunch launch, ProbeContext? context, TimeSpan startedAt, IActorRef actor)
{
    private readonly InstanceProbes _probes = new(launch, startedAt);

    /// <inheritdoc cref="InstanceProbes.IsStarted"/>
    public bool IsStarted => _probes.IsStarted;

    /// <inheritdoc cref="InstanceProbes.IsReady"/>
    public bool IsReady => _probes.IsReady;

    /// <inheritdoc cref="InstanceProbes.Reason"/>
    public string Reason => _probes.Reason;

    /// <summary>How long it has been ready without a break.</summary>
    public TimeSpan ReadyFor(TimeSpan now) => _probes.ReadySince is { } since ? now - since : TimeSpan.Zero;

    /// <summary>Asks what is due.</summary>
    public void Ask(TimeSpan now)
    {
        if (context is null) return;
        foreach (var (role, spec) in _probes.Due(now))
            ProbeRunner.RunAsync(spec.Action, context, spec.Timeout).PipeTo(actor, success: result => new Answer(this, role, result));
    }

    /// <summary>Counts an answer to one of its own questions.</summary>
    /// <returns>Why the process must be ended; null if it need not.</returns>
    public string? Take(Answer answer, TimeSpan now) => _probes.Take(answer.Role, answer.Result, now);

    /// <param name="To">Whose question it was: one of a process before this one may still come.</param>
    public sealed record Answer(ProcessProbing To, ProbeRole Role, ProbeResult Result);
}
