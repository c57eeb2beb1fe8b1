using ActorInference.Actors.Generation;
using ActorInference.Actors.Ids;
using ActorInference.Actors.Protocols;
using ActorInference.Gpu.Constraints;
using Akka.Actor;

namespace ActorInference.Gpu.Workers;

/// <summary>Jobs whose output is constrained wait until what that takes was made, off this actor's thread.</summary>
public sealed partial class GpuWorkerActor
{
    /// <summary>A constraint is ready, or cannot be.</summary>
    private sealed record Constrained(AttemptId Attempt, OutputConstraint Constraint, GrammarProgram? Program, string? Error);

    private void AwaitConstraint(IWorkerJob job, OutputConstraint constraint)
    {
        _fetching.Add(job.Attempt, job);
        _constraints.PrepareAsync(constraint).PipeTo(
            Self, Self,
            program => new Constrained(job.Attempt, constraint, program, Error: null),
            failure => new Constrained(job.Attempt, constraint, Program: null, failure.GetBaseException().Message));
    }

    private void OnConstrained(Constrained constrained)
    {
        if (constrained.Program is { } program) _constraints.Add(constrained.Constraint, program);
        if (!_fetching.Remove(constrained.Attempt, out var job)) return;
        if (constrained.Error is { } error) Reject(job, error);
        else Fetch(job);
    }
}
