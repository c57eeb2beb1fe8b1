using ActorInference.Actors.Ids;

namespace ActorInference.Actors.Supervision;

/// <summary>A GPU worker failed too often and was stopped.</summary>
public sealed class WorkerStoppedException(WorkerId worker) : Exception($"The GPU worker of {worker} was stopped after it failed repeatedly.");
