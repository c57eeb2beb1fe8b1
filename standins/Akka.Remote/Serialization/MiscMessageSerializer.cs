using Akka.Actor;
using Akka.Remote.Wire;
using Akka.Serialization;

namespace Akka.Remote.Serialization;

/// <summary>The engine's own messages of users, references, and outcomes.</summary>
public sealed class MiscMessageSerializer(ExtendedActorSystem system) : SerializerWithStringManifest(system)
{
    private const string IdentifyManifest = "ID";
    private const string ActorIdentityManifest = "AID";
    private const string ActorRefManifest = "AR";
    private const string PoisonPillManifest = "P";
    private const string KillManifest = "K";
    private const string ReceiveTimeoutManifest = "RT";
    private const string AddressManifest = "AD";
    private const string DoneManifest = "DN";
    private const string SuccessManifest = "SS";
    private const string FailureManifest = "SF";
    private const string ExceptionManifest = "EX";
    private const string HeartbeatManifest = "RWHB";
    private const string HeartbeatRspManifest = "RWHR";

    public override int Identifier => 16;

    public override string Manifest(object o) => o switch
    {
        Identify => IdentifyManifest,
        ActorIdentity => ActorIdentityManifest,
        IActorRef => ActorRefManifest,
        PoisonPill => PoisonPillManifest,
        Kill => KillManifest,
        ReceiveTimeout => ReceiveTimeoutManifest,
        Address => AddressManifest,
        Done => DoneManifest,
        Status.Success => SuccessManifest,
        Status.Failure => FailureManifest,
        Exception => ExceptionManifest,
        RemoteWatcher.Heartbeat => HeartbeatManifest,
        RemoteWatcher.HeartbeatRsp => HeartbeatRspManifest,
        _ => throw new ArgumentException($"{o.GetType()} is not for {nameof(MiscMessageSerializer)}.", nameof(o)),
    };

    public override byte[] ToBinary(object obj)
    {
        var writer = new WireWriter();
        switch (obj)
        {
            case Identify identify:
                return writer.Payload(system.Serialization, identify.MessageId).ToArray();
            case ActorIdentity identity:
                return writer.Payload(system.Serialization, identity.MessageId).Text(Path(identity.Subject)).ToArray();
            case IActorRef actor:
                return writer.Text(Path(actor)).ToArray();
            case Address address:
                return writer.Text(address.ToString()).ToArray();
            case Status.Success success:
                return writer.Payload(system.Serialization, success.Status).ToArray();
            case Status.Failure failure:
                writer.Bool(failure.Cause is not null);
                if (failure.Cause is not null) ExceptionSupport.Write(writer, failure.Cause);
                return writer.Payload(system.Serialization, failure.State).ToArray();
            case Exception exception:
                ExceptionSupport.Write(writer, exception);
                return writer.ToArray();
            case RemoteWatcher.HeartbeatRsp rsp:
                return writer.VarInt(rsp.AddressUid).ToArray();
            default:
                Manifest(obj);   // Throws for what does not belong here; the rest has no content.
                return [];
        }
    }

    public override object FromBinary(byte[] bytes, string manifest)
    {
        var reader = new WireReader(bytes);
        var message = Read(ref reader, manifest);
        reader.End();
        return message;
    }

    private static string Path(IActorRef actor) => actor is null ? "" : Akka.Serialization.Serialization.SerializedActorPath(actor);

    private object Read(ref WireReader reader, string manifest)
    {
        switch (manifest)
        {
            case IdentifyManifest:
                return new Identify(reader.Payload(system.Serialization));
            case ActorIdentityManifest:
                var id = reader.Payload(system.Serialization);
                return new ActorIdentity(id, ReadRef(ref reader));
            case ActorRefManifest:
                return ReadRef(ref reader) ?? ActorRefs.Nobody;
            case PoisonPillManifest:
                return PoisonPill.Instance;
            case KillManifest:
                return Kill.Instance;
            case ReceiveTimeoutManifest:
                return ReceiveTimeout.Instance;
            case AddressManifest:
                return Address.Parse(reader.Text());
            case DoneManifest:
                return Done.Instance;
            case SuccessManifest:
                return new Status.Success(reader.Payload(system.Serialization));
            case FailureManifest:
                var cause = reader.Bool() ? ExceptionSupport.Read(ref reader, system.Serialization) : null;
                return new Status.Failure(cause, reader.Payload(system.Serialization));
            case ExceptionManifest:
                return ExceptionSupport.Read(ref reader, system.Serialization);
            case HeartbeatManifest:
                return RemoteWatcher.Heartbeat.Instance;
            case HeartbeatRspManifest:
                return new RemoteWatcher.HeartbeatRsp(reader.Int32());
            default:
                throw new WireFormatException($"{nameof(MiscMessageSerializer)} knows no manifest [{manifest}].");
        }
    }

    private IActorRef ReadRef(ref WireReader reader) => reader.Text() is { Length: > 0 } path ? system.Provider.ResolveActorRef(path) : null;
}
