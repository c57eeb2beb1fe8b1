using ActorInference.Actors.Protocols;
using ActorInference.Roles.Workers;
using Akka.Actor;

namespace ActorInference.Roles.Prefill;

/// <summary>Processes prompts: computes their KV pages, sends these to the decode worker and the first token to the generation.</summary>
public sealed class PrefillActor(WorkerRoleOptions options) : WorkerRoleActor<PrefillProtocol.Start>(WorkerRole.Prefill, options)
{
    public static Props Props(WorkerRoleOptions options) => Akka.Actor.Props.Create(() => new PrefillActor(options));
}
