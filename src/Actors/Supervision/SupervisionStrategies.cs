using Akka.Actor;

namespace ActorInference.Actors.Supervision;

/// <summary>Every supervision strategy of the cluster, in one place.</summary>
public static class SupervisionStrategies
{
    private const int GpuWorkerRestarts = 10;

    private static readonly TimeSpan GpuWorkerWindow = TimeSpan.FromMinutes(1);

    /// <summary>
    /// A role actor's, for its GPU worker. A refused batch leaves the engine as it was, so the worker goes on; after
    /// anything else its state is unknown, and it begins again with empty pages. One that fails again and again is
    /// stopped, which its role actor answers with <see cref="WorkerStoppedException"/>.
    /// </summary>
    public static SupervisorStrategy ForGpuWorker() => new OneForOneStrategy(
        GpuWorkerRestarts,
        GpuWorkerWindow,
        failure => failure is BatchRefusedException ? Directive.Resume : Directive.Restart);

    /// <summary>For the role actors of a node: begun again after a pause that grows while they keep failing.</summary>
    /// <param name="roleActor">Makes the role actor.</param>
    /// <param name="name">Its name under the supervisor.</param>
    public static Props WithBackoff(Props roleActor, string name) => Akka.Pattern.BackoffSupervisor.Props(
        Akka.Pattern.Backoff.OnStop(
            roleActor, name, minBackoff: TimeSpan.FromSeconds(0.5), maxBackoff: TimeSpan.FromSeconds(30), randomFactor: 0.2, maxNrOfRetries: -1)
            .WithSupervisorStrategy(new OneForOneStrategy(_ => Directive.Stop)));

    /// <summary>
    /// The gateway's, for its generations. One that fails has lost its own state; its client is told, and no other is
    /// affected.
    /// </summary>
    public static SupervisorStrategy ForGenerations() => new OneForOneStrategy(_ => Directive.Stop);
}
