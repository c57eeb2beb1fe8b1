using Akka.Actor;

namespace ActorInference.ActorEngine.Tests.Supervision;

/// <summary>Starts children on request and judges them by the strategy that it is given.</summary>
public sealed class Supervisor(SupervisorStrategy strategy) : LifecycleActor(ActorRefs.Nobody)
{
    protected override SupervisorStrategy SupervisorStrategy() => strategy;
}
