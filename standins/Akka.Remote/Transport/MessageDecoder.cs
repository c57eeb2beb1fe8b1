using Akka.Actor;
using Akka.Dispatch.SysMsg;
using Akka.Event;
using Akka.Remote.Wire;

namespace Akka.Remote.Transport;

/// <summary>Reads the messages of one connection and hands them to their receivers.</summary>
internal sealed class MessageDecoder(RemoteActorRefProvider provider, Association peer, RemoteSettings settings, ILoggingAdapter log)
{
    private readonly NameTable<Recipient> _recipients = new();
    private readonly NameTable<IActorRef> _senders = new();
    private readonly NameTable<string> _manifests = new();
    private readonly RootActorPath _peerRoot = new(peer.RemoteAddress);

    /// <summary>Reads and delivers one message. What cannot be turned into an object is logged and dropped.</summary>
    /// <exception cref="WireFormatException">The header is not what the format says.</exception>
    public void DeliverMessage(ReadOnlySpan<byte> header, byte[] payload)
    {
        var reader = new WireReader(header);
        var recipient = ReadRecipient(ref reader);
        var sender = ReadSender(ref reader);
        var serializerId = reader.Int32();
        var manifest = ReadManifest(ref reader);
        reader.End();
        if (recipient is null) throw new WireFormatException("A message has no receiver.");
        Deliver(recipient, sender, serializerId, manifest, payload);
    }

    /// <summary>The same for a numbered message; one that was delivered before is skipped.</summary>
    public void DeliverSystemMessage(ReadOnlySpan<byte> header, byte[] payload)
    {
        var reader = new WireReader(header);
        var recipient = ReadRecipient(ref reader);
        var sender = recipient is null ? null : ReadSender(ref reader);
        var serializerId = recipient is null ? 0 : reader.Int32();
        var manifest = recipient is null ? "" : ReadManifest(ref reader);
        var isNext = peer.TakeSystemMessage(reader.VarUInt());
        reader.End();
        if (isNext && recipient is not null) Deliver(recipient, sender, serializerId, manifest, payload);
    }

    private void Deliver(IInternalActorRef recipient, IActorRef sender, int serializerId, string manifest, byte[] payload)
    {
        if (Deserialize(recipient, serializerId, manifest, payload) is not { } message) return;
        if (settings.LogReceive) log.Debug("received message [{0}] to [{1}] from [{2}]", message, recipient, sender);
        try
        {
            Deliver(recipient, sender, message);
        }
        catch (Exception e)
        {
            log.Error(e, "Message [{0}] from [{1}] could not be handed to [{2}].", message.GetType(), peer.RemoteAddress, recipient);
        }
    }

    private object Deserialize(IInternalActorRef recipient, int serializerId, string manifest, byte[] payload)
    {
        try
        {
            return provider.DeserializeFromWire(payload, serializerId, manifest);
        }
        catch (Exception e)
        {
            log.Error(
                e,
                "A message for [{0}] from [{1}] cannot be read and is dropped: serializer [{2}], manifest [{3}], {4} bytes.",
                recipient, peer.RemoteAddress, serializerId, manifest, payload.Length);
            return null;
        }
    }

    private void Deliver(IInternalActorRef recipient, IActorRef sender, object message)
    {
        if (settings.UntrustedMode && IsForbidden(recipient, message))
        {
            log.Debug("operating in UntrustedMode, dropping inbound [{0}] for [{1}]", message.GetType(), recipient);
            return;
        }

        switch (message)
        {
            case ISystemMessage system:
                recipient.SendSystemMessage(system);
                break;
            case ActorSelectionMessage selection:
                ActorSelection.DeliverSelection(recipient, sender, selection);
                break;
            default:
                recipient.Tell(message, sender);
                break;
        }
    }

    private bool IsForbidden(IInternalActorRef recipient, object message) => message switch
    {
        Watch or Unwatch or DeathWatchNotification => false,
        ActorSelectionMessage selection =>
            selection.Message is IPossiblyHarmful
            || (!recipient.Path.ToStringWithoutAddress().StartsWith("/user", StringComparison.Ordinal)
                && !settings.TrustedSelectionPaths.Contains("/" + string.Join('/', selection.Elements.Select(element => element.ToString())))),
        _ => message is IPossiblyHarmful or ISystemMessage,
    };

    private IInternalActorRef ReadRecipient(ref WireReader header)
    {
        switch ((NameTag)header.Byte())
        {
            case NameTag.None:
                return null;
            case NameTag.Literal:
                return provider.ResolveLocal(header.Text());
            case NameTag.Define:
                var slot = header.VarUInt();
                return _recipients.Define(slot, new Recipient(provider, header.Text())).Resolve();
            case NameTag.Known:
                return _recipients[header.VarUInt()].Resolve();
            case var other:
                throw new WireFormatException($"A receiver begins with {(byte)other}.");
        }
    }

    private IActorRef ReadSender(ref WireReader header)
    {
        ulong slot;
        switch ((NameTag)header.Byte())
        {
            case NameTag.None:
                return ActorRefs.NoSender;
            case NameTag.Literal:
                return Peer(header.Text());
            case NameTag.AbsoluteLiteral:
                return provider.ResolveActorRef(header.Text());
            case NameTag.Define:
                slot = header.VarUInt();
                return _senders.Define(slot, Peer(header.Text()));
            case NameTag.AbsoluteDefine:
                slot = header.VarUInt();
                return _senders.Define(slot, provider.ResolveActorRef(header.Text()));
            case NameTag.Known:
                return _senders[header.VarUInt()];
            case var other:
                throw new WireFormatException($"A sender begins with {(byte)other}.");
        }
    }

    private string ReadManifest(ref WireReader header)
    {
        switch ((NameTag)header.Byte())
        {
            case NameTag.None:
                return "";
            case NameTag.Literal:
                return header.Text();
            case NameTag.Define:
                var slot = header.VarUInt();
                return _manifests.Define(slot, header.Text());
            case NameTag.Known:
                return _manifests[header.VarUInt()];
            case var other:
                throw new WireFormatException($"A manifest begins with {(byte)other}.");
        }
    }

    private RemoteActorRef Peer(string text) => ActorPath.TryParse(_peerRoot, text, out var path)
        ? new RemoteActorRef(provider, peer, path)
        : throw new WireFormatException($"'{text}' is no path.");

    /// <summary>An actor of this system by path; looked up again when the one who lived there has ended.</summary>
    private sealed class Recipient(RemoteActorRefProvider provider, string text)
    {
        private IInternalActorRef _actor;

        public IInternalActorRef Resolve() => _actor is { IsTerminated: false } living ? living : _actor = provider.ResolveLocal(text);
    }
}
