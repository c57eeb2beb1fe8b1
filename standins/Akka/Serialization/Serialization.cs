using System.Collections.Concurrent;
using System.Runtime.Serialization;
using Akka.Actor;
using Akka.Configuration;
using Akka.Event;
using Akka.Util;

namespace Akka.Serialization;

/// <summary>For whom, and from which address, something is being serialized on this thread.</summary>
public sealed class Information(Address address, ActorSystem system)
{
    public Address Address { get; } = address;

    public ActorSystem System { get; } = system;
}

/// <summary>The serializers of an actor system, by the types that they are bound to.</summary>
public class Serialization
{
    [ThreadStatic]
    private static Information _currentTransportInformation;

    [ThreadStatic]
    private static bool _readsFromWire;

    private readonly ConcurrentDictionary<Type, Serializer> _byType = new();
    private readonly ConcurrentDictionary<int, Serializer> _byId = new();
    private readonly ConcurrentDictionary<string, Serializer> _byName = new();
    private readonly ConcurrentDictionary<string, Type> _manifestTypes = new();
    private readonly List<(Type Type, Serializer Serializer)> _bindings = [];
    private readonly NullSerializer _nullSerializer;

    public Serialization(ExtendedActorSystem system)
    {
        System = system;
        _nullSerializer = new NullSerializer(system);
        AllowedTypes = new AllowedTypes(
            IsBoundMoreCloselyThanObject,
            BoundTypes,
            system.Settings.Config.GetStringList("akka.actor.serialization-settings.json.allowed-assemblies", []));
        AddSerializer("null", _nullSerializer);
        ReadSerializers(system.Settings.Config);
        ReadBindings(system.Settings.Config);
        var setup = system.Settings.Setup.Get<SerializationSetup>();
        if (!setup.HasValue) return;
        foreach (var details in setup.Value.CreateSerializers(system))
        {
            AddSerializer(details.Alias, details.Serializer);
            foreach (var type in details.UseFor) AddSerializationMap(type, details.Serializer);
        }
    }

    public ActorSystem System { get; }

    internal static Information CurrentTransportInformation
    {
        get => _currentTransportInformation;
        set => _currentTransportInformation = value;
    }

    /// <summary>The types that messages of other systems may name.</summary>
    internal AllowedTypes AllowedTypes { get; }

    /// <summary>Runs the action with local references written as <paramref name="address"/> reaches them.</summary>
    public static T WithTransport<T>(ActorSystem system, Address address, Func<T> action)
    {
        var previous = _currentTransportInformation;
        _currentTransportInformation = new Information(address, system);
        try
        {
            return action();
        }
        finally
        {
            _currentTransportInformation = previous;
        }
    }

    /// <summary>The path that another system, or this one later, can resolve.</summary>
    public static string SerializedActorPath(IActorRef actorRef)
    {
        if (Equals(actorRef, ActorRefs.NoSender)) return "";
        var path = actorRef.Path;
        if (_currentTransportInformation is { } transport)
        {
            var provider = ((ExtendedActorSystem)transport.System).Provider;
            var address = transport.Address.HasLocalScope ? provider.DefaultAddress : transport.Address;
            return path.ToSerializationFormatWithAddress(address);
        }

        if (actorRef is IInternalActorRef { IsLocal: true } and not (Nobody or MinimalLogger))
        {
            var provider = ((IInternalActorRef)actorRef).Provider;
            if (!Equals(provider.DefaultAddress, path.Address)) return path.ToSerializationFormatWithAddress(provider.DefaultAddress);
        }

        return path.ToSerializationFormat();
    }

    /// <summary>What a reader needs beside the bytes; empty for nothing.</summary>
    public static string ManifestFor(Serializer s, object msg) => s switch
    {
        SerializerWithStringManifest manifest => manifest.Manifest(msg),
        { IncludeManifest: true } => msg.GetType().TypeQualifiedName(),
        _ => "",
    };

    public void AddSerializer(string name, Serializer serializer)
    {
        _byName[name] = serializer;
        _byId[serializer.Identifier] = serializer;
    }

    /// <summary>Binds a type, and all that derive from it and are not bound more closely.</summary>
    public void AddSerializationMap(Type type, Serializer serializer)
    {
        lock (_bindings)
        {
            _bindings.RemoveAll(binding => binding.Type == type);
            _bindings.Add((type, serializer));
            _byType.Clear();
        }
    }

    public byte[] Serialize(object o) => FindSerializerFor(o).ToBinary(o);

    /// <exception cref="SerializationException">No serializer has that id.</exception>
    public object Deserialize(byte[] bytes, int serializerId, Type type) => GetSerializerById(serializerId).FromBinary(bytes, type);

    public object Deserialize(byte[] bytes, int serializerId, string manifest)
    {
        var serializer = GetSerializerById(serializerId);
        if (serializer is SerializerWithStringManifest withManifest) return withManifest.FromBinary(bytes, manifest);
        return serializer.FromBinary(bytes, string.IsNullOrEmpty(manifest) ? null : TypeOf(manifest));
    }

    /// <summary>As <see cref="Deserialize(byte[], int, string)"/>, for bytes of another system: only types that may come from there are loaded.</summary>
    internal object DeserializeFromWire(byte[] bytes, int serializerId, string manifest)
    {
        var before = _readsFromWire;
        _readsFromWire = true;
        try
        {
            return Deserialize(bytes, serializerId, manifest);
        }
        finally
        {
            _readsFromWire = before;
        }
    }

    /// <summary>The type of that name.</summary>
    /// <exception cref="SerializationException">There is none, or the bytes being read come from another system that may not name it.</exception>
    internal Type TypeOf(string name) => _readsFromWire
        ? AllowedTypes.Resolve(name)
        : _manifestTypes.GetOrAdd(name, static each => Type.GetType(each) ?? throw new SerializationException($"[{each}] is no type that can be loaded."));

    public Serializer FindSerializerFor(object obj, string defaultSerializerName = null) =>
        obj is null ? _nullSerializer : FindSerializerForType(obj.GetType(), defaultSerializerName);

    /// <summary>The serializer bound to the type, or to the closest of its bases and interfaces.</summary>
    /// <exception cref="SerializationException">There is none.</exception>
    public Serializer FindSerializerForType(Type objectType, string defaultSerializerName = null)
    {
        if (_byType.TryGetValue(objectType, out var known)) return known;
        if (defaultSerializerName is not null && !IsBoundMoreCloselyThanObject(objectType))
            return _byName.TryGetValue(defaultSerializerName, out var byName) ? byName : Find(objectType);
        return Find(objectType);
    }

    internal Serializer GetSerializerById(int id) => _byId.TryGetValue(id, out var serializer)
        ? serializer
        : throw new SerializationException(
            $"Cannot find serializer with id [{id}]. The most probable reason is that akka.actor.serializers differs between the nodes that wrote and read.");

    /// <summary>The same message after a trip through bytes, as <c>serialize-messages</c> asks for.</summary>
    internal Envelope RoundTrip(Envelope envelope)
    {
        var message = envelope.Message;
        var inner = message is IWrappedMessage and not INoSerializationVerificationNeeded ? Unwrap(message) : message;
        if (inner is INoSerializationVerificationNeeded || message is INoSerializationVerificationNeeded) return envelope;
        if (message is IAutoReceivedMessage or IWrappedMessage)
        {
            RoundTrip(inner);   // The wrapping is the engine's, and cannot be put together again from outside.
            return envelope;
        }

        return new Envelope(RoundTrip(message), envelope.Sender);
    }

    internal Props RoundTrip(Props props)
    {
        foreach (var argument in props.Arguments)
        {
            if (argument is not (null or INoSerializationVerificationNeeded)) RoundTrip(argument);
        }

        return props;
    }

    private static object Unwrap(object message)
    {
        while (message is IWrappedMessage wrapped) message = wrapped.Message;
        return message;
    }

    private object RoundTrip(object message)
    {
        if (message is IAutoReceivedMessage) return message;
        var serializer = FindSerializerFor(message);
        var bytes = WithTransport(System, ((ExtendedActorSystem)System).Provider.DefaultAddress, () => serializer.ToBinary(message));
        return serializer is SerializerWithStringManifest withManifest
            ? withManifest.FromBinary(bytes, withManifest.Manifest(message))
            : serializer.FromBinary(bytes, message.GetType());
    }

    private void ReadSerializers(Config config)
    {
        var settings = config.GetConfig("akka.actor.serialization-settings");
        foreach (var (key, value) in config.GetConfig("akka.actor.serializers").AsEnumerable())
        {
            var name = key.Trim('"');
            var typeName = value.GetString();
            var type = Type.GetType(typeName);
            if (type is null || !typeof(Serializer).IsAssignableFrom(type))
            {
                throw new ConfigurationException(
                    $"akka.actor.serializers.{name} is '{typeName}', which is not the name of a Serializer that can be loaded.");
            }

            var own = settings?.GetConfig(name);
            var takesConfig = own is not null && type.GetConstructor([typeof(ExtendedActorSystem), typeof(Config)]) is not null;
            AddSerializer(name, (Serializer)(takesConfig ? Activator.CreateInstance(type, System, own) : Activator.CreateInstance(type, System)));
        }
    }

    private void ReadBindings(Config config)
    {
        foreach (var (key, value) in config.GetConfig("akka.actor.serialization-bindings").AsEnumerable())
        {
            var name = key.Trim('"');
            var type = Type.GetType(name);
            if (type is null)
            {
                System.Log.Warning("akka.actor.serialization-bindings names the type [{0}], which cannot be loaded; the binding is ignored.", name);
                continue;
            }

            if (!_byName.TryGetValue(value.GetString(), out var serializer))
                throw new ConfigurationException($"akka.actor.serialization-bindings gives [{name}] to '{value.GetString()}', which akka.actor.serializers does not name.");
            AddSerializationMap(type, serializer);
        }
    }

    private bool IsBoundMoreCloselyThanObject(Type type)
    {
        lock (_bindings) return _bindings.Any(binding => binding.Type != typeof(object) && binding.Type.IsAssignableFrom(type));
    }

    private Serializer Find(Type type)
    {
        lock (_bindings)
        {
            (Type Type, Serializer Serializer)? best = null;
            foreach (var binding in _bindings.Where(binding => binding.Type.IsAssignableFrom(type)))
            {
                if (best is null || best.Value.Type.IsAssignableFrom(binding.Type)) best = binding;
            }

            if (best is null) throw new SerializationException($"Serializer not found for type {type.Name}");
            return _byType[type] = best.Value.Serializer;
        }
    }

    private Type[] BoundTypes()
    {
        lock (_bindings) return [.. _bindings.Where(binding => binding.Type != typeof(object)).Select(binding => binding.Type)];
    }
}
