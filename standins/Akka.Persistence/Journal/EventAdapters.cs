using System.Collections.Immutable;
using Akka.Actor;
using Akka.Configuration;

namespace Akka.Persistence.Journal;

public interface IEventSequence
{
    IEnumerable<object> Events { get; }
}

/// <summary>What a read adapter makes of one stored event: none, one or several.</summary>
public static class EventSequence
{
    public static readonly IEventSequence Empty = new Sequence([]);

    public static IEventSequence Single(object e) => new Sequence([e]);

    public static IEventSequence Create(params object[] events) => new Sequence(events);

    public static IEventSequence Create(IEnumerable<object> events) => new Sequence(events.ToArray());

    private sealed record Sequence(IReadOnlyList<object> Items) : IEventSequence
    {
        public IEnumerable<object> Events => Items;
    }
}

public interface IWriteEventAdapter
{
    string Manifest(object evt);

    object ToJournal(object evt);
}

public interface IReadEventAdapter
{
    IEventSequence FromJournal(object evt, string manifest);
}

public interface IEventAdapter : IWriteEventAdapter, IReadEventAdapter;

/// <summary>An event with the tags under which it can be queried.</summary>
public readonly struct Tagged
{
    public Tagged(object payload, IEnumerable<string> tags)
        : this(payload, tags.ToImmutableHashSet())
    {
    }

    public Tagged(object payload, IImmutableSet<string> tags) => (Payload, Tags) = (payload, tags);

    public object Payload { get; }

    public IImmutableSet<string> Tags { get; }
}

/// <summary>The adapters of one journal, from <c>event-adapters</c> and <c>event-adapter-bindings</c>.</summary>
public sealed class EventAdapters
{
    private readonly ImmutableArray<(Type Event, object Adapter)> _bindings;

    private EventAdapters(ImmutableArray<(Type, object)> bindings) => _bindings = bindings;

    /// <exception cref="ConfigurationException">A type cannot be loaded, or a binding names no adapter.</exception>
    internal static EventAdapters Create(ExtendedActorSystem system, Config config)
    {
        var adapters = Entries(config, "event-adapters").ToDictionary(e => e.Key, e => Instantiate(system, e.Key, e.Values[0]));
        var bindings = ImmutableArray.CreateBuilder<(Type, object)>();
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

        // The most specific type first.
        bindings.Sort((a, b) => a.Item1 == b.Item1 ? 0 : a.Item1.IsAssignableFrom(b.Item1) ? 1 : b.Item1.IsAssignableFrom(a.Item1) ? -1 : 0);
        return new EventAdapters(bindings.ToImmutable());
    }

    internal IPersistentRepresentation ToJournal(IPersistentRepresentation stored)
    {
        var adapter = _bindings.Where(b => b.Event.IsInstanceOfType(stored.Payload)).Select(b => b.Adapter).OfType<IWriteEventAdapter>().FirstOrDefault();
        return adapter is null
            ? stored
            : stored.WithManifest(adapter.Manifest(stored.Payload)).WithPayload(adapter.ToJournal(stored.Payload));
    }

    internal IEnumerable<IPersistentRepresentation> FromJournal(IPersistentRepresentation stored)
    {
        var payload = stored.Payload is Tagged tagged ? tagged.Payload : stored.Payload;
        var readers = _bindings.Where(b => b.Event.IsInstanceOfType(payload)).Select(b => b.Adapter).OfType<IReadEventAdapter>().Distinct().ToList();
        if (readers.Count == 0) return [stored.WithPayload(payload)];
        return readers.SelectMany(reader => reader.FromJournal(payload, stored.Manifest).Events).Select(stored.WithPayload);
    }

    private static IEnumerable<(string Key, IList<string> Values)> Entries(Config config, string path)
    {
        if (!config.HasPath(path)) yield break;
        foreach (var (key, value) in config.GetConfig(path).Root.GetObject().Items)
            yield return (key.Trim('"'), value.IsArray() ? value.GetStringList() : [value.GetString()]);
    }

    private static object Instantiate(ExtendedActorSystem system, string name, string typeName)
    {
        var type = Type.GetType(typeName) ??
            throw new ConfigurationException($"event-adapters.{name}: '{typeName}' is not a type that can be loaded.");
        return type.GetConstructor([typeof(ExtendedActorSystem)]) is { } constructor
            ? constructor.Invoke([system])
            : Activator.CreateInstance(type)!;
    }
}
