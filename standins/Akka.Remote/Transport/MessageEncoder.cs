using System.Runtime.CompilerServices;
using Akka.Actor;
using Akka.Remote.Wire;
using Akka.Serialization;
using Akka.Util;

namespace Akka.Remote.Transport;

/// <summary>
/// Writes messages for one connection. Receivers, senders and manifests that come again are written once and named by a slot
/// after that; a slot is taken over when another falls into it, so that both sides hold a fixed number.
/// </summary>
internal sealed class MessageEncoder(ExtendedActorSystem system, Address localAddress)
{
    private readonly Akka.Serialization.Serialization _serialization = system.Serialization;
    private readonly Information _information = new(localAddress, system);
    private readonly IActorRef[] _recipients = new IActorRef[NameTable.Slots];
    private readonly IActorRef[] _senders = new IActorRef[NameTable.Slots];
    private readonly string[] _manifests = new string[NameTable.Slots];
    private readonly Dictionary<Type, string> _typeNames = [];

    /// <summary>Writes the header of a message and returns its payload.</summary>
    /// <param name="limit">The most bytes that header and payload may have.</param>
    /// <exception cref="OversizedPayloadException">They have more. Nothing was written.</exception>
    /// <remarks>Throws what the serializer throws, with nothing written.</remarks>
    public byte[] Encode(WireWriter header, in Outgoing message, long limit)
    {
        var start = header.Length;
        var serializer = _serialization.FindSerializerFor(message.Message);
        var payload = Serialize(serializer, message.Message);
        if (payload.Length > limit) throw TooLarge(message, payload.Length, limit);
        var manifest = ManifestFor(serializer, message.Message);
        WriteRef(header, _recipients, message.Recipient);
        WriteRef(header, _senders, message.Sender);
        header.VarInt(serializer.Identifier);
        WriteManifest(header, manifest);
        if (header.Length <= FrameReader.MaximumHeaderLength && header.Length + payload.Length <= limit) return payload;
        Forget();
        throw TooLarge(message, header.Length - start + payload.Length, limit);
    }

    private static OversizedPayloadException TooLarge(in Outgoing message, int length, long limit) => new(
        $"Discarding oversized payload sent to {message.Recipient}: max allowed size {limit} bytes, actual size of encoded {message.Message.GetType()} was {length} bytes.");

    private byte[] Serialize(Serializer serializer, object message)
    {
        var before = Akka.Serialization.Serialization.CurrentTransportInformation;
        Akka.Serialization.Serialization.CurrentTransportInformation = _information;
        try
        {
            return serializer.ToBinary(message);
        }
        finally
        {
            Akka.Serialization.Serialization.CurrentTransportInformation = before;
        }
    }

    private string ManifestFor(Serializer serializer, object message)
    {
        if (serializer is SerializerWithStringManifest withManifest) return withManifest.Manifest(message);
        if (!serializer.IncludeManifest) return "";
        if (_typeNames.TryGetValue(message.GetType(), out var name)) return name;
        return _typeNames[message.GetType()] = message.GetType().TypeQualifiedName();
    }

    private void WriteRef(WireWriter header, IActorRef[] slots, IActorRef actor)
    {
        if (actor is null || ReferenceEquals(actor, system.DeadLetters) || actor is Nobody)
        {
            header.Byte((byte)NameTag.None);
            return;
        }

        var remote = actor as RemoteActorRef;
        if (remote is { IsOneTime: true } || (remote is null && actor is not ActorRefWithCell))
        {
            WriteName(header, NameTag.Literal, NameTag.AbsoluteLiteral, slots, actor, 0);
            return;
        }

        var slot = RuntimeHelpers.GetHashCode(actor) & (NameTable.Slots - 1);
        if (ReferenceEquals(slots[slot], actor))
        {
            header.Byte((byte)NameTag.Known).VarUInt((uint)slot);
            return;
        }

        slots[slot] = actor;
        WriteName(header, NameTag.Define, NameTag.AbsoluteDefine, slots, actor, slot);
    }

    private void WriteName(WireWriter header, NameTag relative, NameTag absolute, IActorRef[] slots, IActorRef actor, int slot)
    {
        // A receiver lives where the connection leads, and most senders here: their addresses need not be said.
        var isRelative = ReferenceEquals(slots, _recipients) || actor is not RemoteActorRef;
        header.Byte((byte)(isRelative ? relative : absolute));
        if (relative == NameTag.Define) header.VarUInt((uint)slot);
        if (actor is RemoteActorRef remote) header.Text(isRelative ? remote.RelativeText : remote.AbsoluteText);
        else header.Text(RemoteActorRef.RelativeTextOf(actor.Path));
    }

    private void WriteManifest(WireWriter header, string manifest)
    {
        if (string.IsNullOrEmpty(manifest))
        {
            header.Byte((byte)NameTag.None);
            return;
        }

        if (manifest.Length < 3)
        {
            header.Byte((byte)NameTag.Literal).Text(manifest);
            return;
        }

        var slot = manifest.GetHashCode(StringComparison.Ordinal) & (NameTable.Slots - 1);
        if (_manifests[slot] == manifest)
        {
            header.Byte((byte)NameTag.Known).VarUInt((uint)slot);
            return;
        }

        _manifests[slot] = manifest;
        header.Byte((byte)NameTag.Define).VarUInt((uint)slot).Text(manifest);
    }

    /// <summary>A header with definitions was given up: the other side does not have them.</summary>
    private void Forget()
    {
        Array.Clear(_recipients);
        Array.Clear(_senders);
        Array.Clear(_manifests);
    }
}
