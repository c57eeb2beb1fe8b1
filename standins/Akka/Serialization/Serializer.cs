using Akka.Actor;
using Akka.Configuration;
using Akka.Util;

namespace Akka.Serialization;

/// <summary>Turns objects into bytes and back. Used by many threads at once.</summary>
public abstract class Serializer
{
    protected readonly ExtendedActorSystem system;

    private int? _configuredIdentifier;

    protected Serializer(ExtendedActorSystem system)
    {
        this.system = system;
    }

    /// <summary>Unique in the cluster, for the life of what was written; 0 to 100 are the engine's.</summary>
    public virtual int Identifier => _configuredIdentifier ??= SerializerIdentifierHelper.GetSerializerIdentifierFromConfig(GetType(), system);

    /// <summary>Whether reading needs the type that was written.</summary>
    public abstract bool IncludeManifest { get; }

    public abstract byte[] ToBinary(object obj);

    public abstract object FromBinary(byte[] bytes, Type type);

    public T FromBinary<T>(byte[] bytes) => (T)FromBinary(bytes, typeof(T));

    /// <summary>Writes with references to local actors as that address sees them.</summary>
    public byte[] ToBinaryWithAddress(Address address, object obj) => Serialization.WithTransport(system, address, () => ToBinary(obj));
}

/// <summary>Names what it writes by strings of its own, so that types may be renamed and moved.</summary>
public abstract class SerializerWithStringManifest(ExtendedActorSystem system) : Serializer(system)
{
    public sealed override bool IncludeManifest => true;

    public sealed override object FromBinary(byte[] bytes, Type type)
    {
        ArgumentNullException.ThrowIfNull(type);
        return FromBinary(bytes, type.TypeQualifiedName());
    }

    public abstract object FromBinary(byte[] bytes, string manifest);

    public abstract string Manifest(object o);
}

public static class SerializerIdentifierHelper
{
    public const string SerializationIdentifiers = "akka.actor.serialization-identifiers";

    /// <exception cref="ConfigurationException">The configuration gives that serializer no identifier.</exception>
    public static int GetSerializerIdentifierFromConfig(Type type, ExtendedActorSystem system)
    {
        foreach (var (name, value) in system.Settings.Config.GetConfig(SerializationIdentifiers).AsEnumerable())
        {
            if (Type.GetType(name.Trim('"')) == type) return value.GetInt();
        }

        throw new ConfigurationException($"{SerializationIdentifiers} has no entry for [{type.TypeQualifiedName()}], and it does not override Identifier.");
    }
}

/// <summary>For null, which needs no bytes.</summary>
public class NullSerializer(ExtendedActorSystem system) : Serializer(system)
{
    public override int Identifier => 0;

    public override bool IncludeManifest => false;

    public override byte[] ToBinary(object obj) => [];

    public override object FromBinary(byte[] bytes, Type type) => null;
}

/// <summary>Bytes as they are.</summary>
public class ByteArraySerializer(ExtendedActorSystem system) : Serializer(system)
{
    public override int Identifier => 4;

    public override bool IncludeManifest => false;

    public override byte[] ToBinary(object obj) => obj switch
    {
        null => null,
        byte[] bytes => bytes,
        _ => throw new NotSupportedException($"ByteArraySerializer only serializes byte arrays, not [{obj.GetType()}]"),
    };

    public override object FromBinary(byte[] bytes, Type type) => bytes;
}
