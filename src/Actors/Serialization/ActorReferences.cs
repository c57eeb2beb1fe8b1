using System.Runtime.Serialization;
using Akka.Actor;

namespace ActorInference.Actors.Serialization;

/// <summary>Actor references as text, and back.</summary>
internal sealed class ActorReferences(ExtendedActorSystem system)
{
    /// <summary>The path that another system can resolve.</summary>
    /// <exception cref="SerializationException">There is no actor.</exception>
    public static string Write(IActorRef actor, string field)
    {
        var path = Akka.Serialization.Serialization.SerializedActorPath(actor);
        return path.Length > 0 ? path : throw new SerializationException($"{field} is no actor.");
    }

    /// <exception cref="SerializationException">The text is no actor path.</exception>
    public IActorRef Read(string path, string field) => ActorPath.TryParse(path, out _)
        ? system.Provider.ResolveActorRef(path)
        : throw new SerializationException($"{field} is '{path}'; it must be an actor's path with its address.");
}
