using Akka.Actor;

namespace Akka.Persistence.Sql.Storage;

/// <summary>Payloads to bytes and back, by the serializers of the actor system.</summary>
/// <param name="defaultSerializer">For payloads to which nothing closer than Object is bound; null for the binding of Object.</param>
internal sealed class PayloadSerializer(ExtendedActorSystem system, string? defaultSerializer)
{
    public (byte[] Bytes, int SerializerId, string Manifest) Serialize(object payload)
    {
        var serializer = system.Serialization.FindSerializerForType(payload.GetType(), defaultSerializer);
        var manifest = Akka.Serialization.Serialization.ManifestFor(serializer, payload);
        var bytes = Akka.Serialization.Serialization.WithTransport(system, system.Provider.DefaultAddress, () => serializer.ToBinary(payload));
        return (bytes, serializer.Identifier, manifest);
    }

    /// <param name="what">For the error: "event 7 of 'cache-1'".</param>
    /// <exception cref="InvalidOperationException">No serializer can read it; the message says which was asked for.</exception>
    public object Deserialize(string what, byte[] bytes, int serializerId, string manifest)
    {
        try
        {
            return system.Serialization.Deserialize(bytes, serializerId, manifest);
        }
        catch (Exception error)
        {
            throw new InvalidOperationException(
                $"{what} cannot be read by serializer {serializerId} with manifest '{manifest}': {error.Message}", error);
        }
    }
}
