using ActorInference.Actors.Protocols;
using ActorInference.Roles.Workers;
using Akka.Actor;

namespace ActorInference.Roles.Decode;

/// <summary>Generates tokens: grants room for a sequence's pages, and joins the sequence to its batch when they have come.</summary>
public sealed class DecodeActor(WorkerRoleOptions options) : WorkerRoleActor<DecodeProtocol.Reserve>(WorkerRole.Decode, options)
{
    public static Props Props(WorkerRoleOptions options) => Akka.Actor.Props.Create(() => new DecodeActor(options));
}
