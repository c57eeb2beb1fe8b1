using ActorInference.Actors.Generation;
using ActorInference.Actors.Ids;
using ActorInference.Actors.Protocols;
using Akka.Actor;
using Akka.Serialization;

namespace ActorInference.Roles.Workers;

/// <summary>
/// The messages between a gateway and a worker that a rehearsal within the worker's process does not write and read: each is brought into
/// its form and back once, so that the code for that is compiled.
/// </summary>
internal static class RehearsedMessages
{
    /// <param name="system">Whose serializers are used.</param>
    /// <param name="actor">Any of it, for the references in the messages.</param>
    public static void RoundTrip(ActorSystem system, IActorRef actor)
    {
        var attempt = new AttemptId(RequestId.New(), 0);
        var sampling = new SamplingOptions();
        object[] messages =
        [
            new PrefillProtocol.Start(attempt, [0], [], sampling, PageTarget: null, actor),
            new PrefillProtocol.Deliver(attempt, actor, CachedPages: 0),
            new DecodeProtocol.Reserve(attempt, [0], [], sampling, actor),
            new WorkerProtocol.Cancel(attempt),
            new GenerationProtocol.Granted(attempt, actor),
            new GenerationProtocol.Progressed(attempt),
            new GenerationProtocol.TokenChosen(attempt, 0, 0, Logprob: null, CachedTokens: 0, new GenerationProtocol.Ending(FinishReason.Length, MatchedTokenId: null)),
            new GenerationProtocol.Completed(attempt, 1, new GenerationProtocol.Ending(FinishReason.Length, MatchedTokenId: null)),
        ];
        foreach (var message in messages)
        {
            if (system.Serialization.FindSerializerFor(message) is SerializerWithStringManifest serializer)
                serializer.FromBinary(serializer.ToBinary(message), serializer.Manifest(message));
        }
    }
}
