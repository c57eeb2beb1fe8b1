using Akka.Remote.Wire;

namespace Akka.Remote.Serialization;

/// <summary>An object within a message, with the serializer and manifest that it needs.</summary>
internal static class NestedPayload
{
    public static WireWriter Payload(this WireWriter writer, Akka.Serialization.Serialization serialization, object value)
    {
        var serializer = serialization.FindSerializerFor(value);
        var bytes = serializer.ToBinary(value);
        return writer.VarInt(serializer.Identifier).Text(Akka.Serialization.Serialization.ManifestFor(serializer, value)).Bytes(bytes);
    }

    public static object Payload(this ref WireReader reader, Akka.Serialization.Serialization serialization)
    {
        var serializerId = reader.Int32();
        var manifest = reader.Text();
        return serialization.Deserialize(reader.Bytes().ToArray(), serializerId, manifest);
    }
}
