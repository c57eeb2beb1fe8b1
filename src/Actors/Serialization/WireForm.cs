using System.Runtime.Serialization;
using Google.Protobuf;

namespace ActorInference.Actors.Serialization;

/// <summary>How messages of one type are written and read.</summary>
internal abstract class WireForm(string manifest, Type messageType)
{
    /// <summary>Stands for the type on the wire, and outlives its name.</summary>
    public string Manifest { get; } = manifest;

    public Type MessageType { get; } = messageType;

    public abstract byte[] Write(object message);

    /// <exception cref="InvalidProtocolBufferException">The bytes are not of this form.</exception>
    /// <exception cref="SerializationException">A field is missing or has a value that it can't have.</exception>
    public abstract object Read(byte[] bytes, ActorReferences references);
}

/// <typeparam name="TMessage">What actors send.</typeparam>
/// <typeparam name="TWire">What protobuf writes.</typeparam>
internal sealed class WireForm<TMessage, TWire>(
    string manifest, MessageParser<TWire> parser, Func<TMessage, TWire> write, Func<TWire, ActorReferences, TMessage> read)
    : WireForm(manifest, typeof(TMessage))
    where TMessage : notnull
    where TWire : IMessage<TWire>
{
    // A newer sender's fields are skipped; to keep them would cost memory for nothing.
    private readonly MessageParser<TWire> _parser = parser.WithDiscardUnknownFields(true);

    public override byte[] Write(object message) => write((TMessage)message).ToByteArray();

    public override object Read(byte[] bytes, ActorReferences references) => read(Parse(bytes), references);

    private TWire Parse(byte[] bytes)
    {
        try
        {
            return _parser.ParseFrom(bytes);
        }
        catch (Exception beyond) when (beyond is IndexOutOfRangeException or ArgumentOutOfRangeException)
        {
            // Google.Protobuf adds a part's length to its own place before it checks it: near 2^31 that overflows, and the array's end stops it.
            throw new SerializationException("the length of a part exceeds the message.", beyond);
        }
    }
}
