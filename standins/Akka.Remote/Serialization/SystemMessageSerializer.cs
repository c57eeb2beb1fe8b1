using Akka.Actor;
using Akka.Dispatch.SysMsg;
using Akka.Remote.Wire;
using Akka.Serialization;

namespace Akka.Remote.Serialization;

/// <summary>The system messages that reach actors of other nodes.</summary>
public sealed class SystemMessageSerializer(ExtendedActorSystem system) : SerializerWithStringManifest(system)
{
    private const string WatchManifest = "W";
    private const string UnwatchManifest = "UW";
    private const string DeathWatchNotificationManifest = "DWN";
    private const string TerminateManifest = "T";
    private const string SuspendManifest = "S";
    private const string ResumeManifest = "R";
    private const string RecreateManifest = "RC";

    public override int Identifier => 22;

    public override string Manifest(object o) => o switch
    {
        Watch => WatchManifest,
        Unwatch => UnwatchManifest,
        DeathWatchNotification => DeathWatchNotificationManifest,
        Terminate => TerminateManifest,
        Suspend => SuspendManifest,
        Resume => ResumeManifest,
        Recreate => RecreateManifest,
        _ => throw new ArgumentException($"{o.GetType()} does not travel between systems.", nameof(o)),
    };

    public override byte[] ToBinary(object obj)
    {
        var writer = new WireWriter();
        switch (obj)
        {
            case Watch watch:
                return writer.Text(Path(watch.Watchee)).Text(Path(watch.Watcher)).ToArray();
            case Unwatch unwatch:
                return writer.Text(Path(unwatch.Watchee)).Text(Path(unwatch.Watcher)).ToArray();
            case DeathWatchNotification end:
                return writer.Text(Path(end.Actor)).Bool(end.ExistenceConfirmed).Bool(end.AddressTerminated).ToArray();
            case Resume resume:
                return Cause(writer, resume.CausedByFailure);
            case Recreate recreate:
                return Cause(writer, recreate.Cause);
            default:
                Manifest(obj);
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

    private static string Path(IActorRef actor) => Akka.Serialization.Serialization.SerializedActorPath(actor);

    private static byte[] Cause(WireWriter writer, Exception cause)
    {
        writer.Bool(cause is not null);
        if (cause is not null) ExceptionSupport.Write(writer, cause);
        return writer.ToArray();
    }

    private object Read(ref WireReader reader, string manifest)
    {
        switch (manifest)
        {
            case WatchManifest:
                var watchee = ReadRef(ref reader);
                return new Watch(watchee, ReadRef(ref reader));
            case UnwatchManifest:
                var unwatched = ReadRef(ref reader);
                return new Unwatch(unwatched, ReadRef(ref reader));
            case DeathWatchNotificationManifest:
                var ended = ReadRef(ref reader);
                var existed = reader.Bool();
                return new DeathWatchNotification(ended, existed, reader.Bool());
            case TerminateManifest:
                return new Terminate();
            case SuspendManifest:
                return new Suspend();
            case ResumeManifest:
                return new Resume(ReadCause(ref reader));
            case RecreateManifest:
                return new Recreate(ReadCause(ref reader));
            default:
                throw new WireFormatException($"{nameof(SystemMessageSerializer)} knows no manifest [{manifest}].");
        }
    }

    private Exception ReadCause(ref WireReader reader) => reader.Bool() ? ExceptionSupport.Read(ref reader, system.Serialization) : null;

    private IInternalActorRef ReadRef(ref WireReader reader) => (IInternalActorRef)system.Provider.ResolveActorRef(reader.Text());
}
