using System.Collections.Concurrent;
using System.Collections.Immutable;
using Akka.Actor;
using Akka.Configuration;

namespace Akka.Persistence.Journal;

/// <summary>The adapters of one journal, from <c>event-adapters</c> and <c>event-adapter-bindings</c>.</summary>
public sealed class EventAdapters
{
    private readonly ImmutableArray<(Type Event, object Adapter)> _bindings;   // The most specific type first.
    private readonly ConcurrentDictionary<Type, IWriteEventAdapter> _writers = new();
    private readonly ConcurrentDictionary<Type, IReadEventAdapter[]> _readers = new();

    private EventAdapters(ImmutableArray<(Type, object)> bindings) => _bindings = bindings;

    /// <exception cref="ConfigurationException">A type cannot be loaded, or a binding names no adapter.</exception>
    internal static EventAdapters Create(ExtendedActorSystem system, Config config)
    {
        var adapters = new Dictionary<string, object>();
        foreach (var (name, value) in Entries(config, "event-adapters")) adapters[name] = Instantiate(system, name, value[0]);
        var bindings = new List<(Type Event, object Adapter)>();
        foreach (var (typeName, names) in Entries(config, "event-adapter-bindings"))
        {
            var type = Type.GetType(typeName) ??
                throw new ConfigurationException($"event-adapter-bindings: '{typeName}' is not a type that can be loaded.");
            foreach (var name in names)
            {
                if (!adapters.TryGetValue(name, out var adapter))
                    throw new ConfigurationException($"event-adapter-bindings: {typeName} is bound to '{name}', which event-adapters does not name.");
                bindings.Add((type, adapter));
            }
        }

        return new EventAdapters(MostSpecificFirst(bindings));
    }

    internal IPersistentRepresentation ToJournal(IPersistentRepresentation e)
    {
        if (_bindings.IsEmpty || WriterFor(e.Payload.GetType()) is not { } adapter) return e;
        return e.WithManifest(adapter.Manifest(e.Payload)).WithPayload(adapter.ToJournal(e.Payload));
    }

    internal IEnumerable<IPersistentRepresentation> FromJournal(IPersistentRepresentation stored)
    {
        var e = stored.Payload is Tagged tagged ? stored.WithPayload(tagged.Payload) : stored;
        if (_bindings.IsEmpty) return [e];
        var readers = ReadersFor(e.Payload.GetType());
        return readers.Length == 0 ? [e] : readers.SelectMany(reader => reader.FromJournal(e.Payload, e.Manifest).Events).Select(e.WithPayload);
    }

    private static ImmutableArray<(Type, object)> MostSpecificFirst(List<(Type Event, object Adapter)> bindings)
    {
        // Insertion keeps unrelated types in their order; a comparison sort would need a total order, which types have not.
        var sorted = new List<(Type Event, object Adapter)>();
        foreach (var binding in bindings)
        {
            var at = sorted.FindIndex(other => other.Event != binding.Event && other.Event.IsAssignableFrom(binding.Event));
            sorted.Insert(at < 0 ? sorted.Count : at, binding);
        }

        return [.. sorted];
    }

    private IWriteEventAdapter WriterFor(Type type) => _writers.GetOrAdd(
        type, static (type, self) => self.AdaptersOf(type).OfType<IWriteEventAdapter>().FirstOrDefault(), this);

    private IReadEventAdapter[] ReadersFor(Type type) => _readers.GetOrAdd(
        type, static (type, self) => self.AdaptersOf(type).OfType<IReadEventAdapter>().Distinct().ToArray(), this);

    /// <summary>The adapters bound to the closest type; several may be bound to one.</summary>
    private IEnumerable<object> AdaptersOf(Type type)
    {
        var closest = _bindings.FirstOrDefault(binding => binding.Event.IsAssignableFrom(type)).Event;
        return _bindings.Where(binding => binding.Event == closest).Select(binding => binding.Adapter);
    }

    private static IEnumerable<(string Key, IList<string> Values)> Entries(Config config, string path)
    {
        if (config.GetConfig(path) is not { } section) yield break;
        foreach (var (key, value) in section.AsEnumerable())
            yield return (key.Trim('"'), value.IsArray() ? value.GetStringList() : [value.GetString()]);
    }

    private static object Instantiate(ExtendedActorSystem system, string name, string typeName)
    {
        var type = Type.GetType(typeName);
        if (type is null || !(typeof(IWriteEventAdapter).IsAssignableFrom(type) || typeof(IReadEventAdapter).IsAssignableFrom(type)))
            throw new ConfigurationException($"event-adapters.{name} is '{typeName}'; it must be the name of an event adapter that can be loaded, as \"Type, Assembly\".");
        return type.GetConstructor([typeof(ExtendedActorSystem)]) is { } constructor
            ? constructor.Invoke([system])
            : Activator.CreateInstance(type);
    }
}
