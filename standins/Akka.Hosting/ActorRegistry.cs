using System.Collections;
using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using Akka.Actor;

namespace Akka.Hosting;

/// <summary>Finds actors by a type that stands for them.</summary>
public interface IReadOnlyActorRegistry : IEnumerable<KeyValuePair<Type, IActorRef>>
{
    bool TryGet<TKey>([NotNullWhen(true)] out IActorRef? actor);

    bool TryGet(Type key, [NotNullWhen(true)] out IActorRef? actor);

    /// <exception cref="MissingActorRegistryEntryException">There is none.</exception>
    IActorRef Get<TKey>();

    /// <summary>Completes as soon as the actor is registered.</summary>
    Task<IActorRef> GetAsync<TKey>(CancellationToken ct = default);

    Task<IActorRef> GetAsync(Type key, CancellationToken ct = default);
}

public interface IActorRegistry : IReadOnlyActorRegistry
{
    /// <exception cref="DuplicateActorRegistryException">The type stands for another actor already, and that is not to be overwritten.</exception>
    void Register<TKey>(IActorRef actor, bool overwrite = false);

    /// <summary>False if the type stands for another actor already, and that is not to be overwritten.</summary>
    bool TryRegister<TKey>(IActorRef actor, bool overwrite = false);

    bool TryRegister(Type key, IActorRef actor, bool overwrite = false);
}

/// <summary>The registry of one actor system.</summary>
public class ActorRegistry : IActorRegistry, IExtension
{
    // An entry is made by whoever comes first, the one that registers or the one that waits.
    private readonly ConcurrentDictionary<Type, Entry> _entries = new();

    public static ActorRegistry For(ActorSystem actorSystem) => new ActorRegistryExtension().Apply(actorSystem);

    public void Register<TKey>(IActorRef actor, bool overwrite = false)
    {
        ArgumentNullException.ThrowIfNull(actor);
        if (!TryRegister<TKey>(actor, overwrite))
            throw new DuplicateActorRegistryException($"An actor is registered for [{typeof(TKey)}] already: {Get<TKey>()}.");
    }

    public bool TryRegister<TKey>(IActorRef actor, bool overwrite = false) => TryRegister(typeof(TKey), actor, overwrite);

    public bool TryRegister(Type key, IActorRef actor, bool overwrite = false) =>
        actor is not null && _entries.GetOrAdd(key, _ => new Entry()).TrySet(actor, overwrite);

    public bool TryGet<TKey>([NotNullWhen(true)] out IActorRef? actor) => TryGet(typeof(TKey), out actor);

    public bool TryGet(Type key, [NotNullWhen(true)] out IActorRef? actor)
    {
        actor = _entries.TryGetValue(key, out var entry) ? entry.Actor : null;
        return actor is not null;
    }

    public IActorRef Get<TKey>() => TryGet<TKey>(out var actor)
        ? actor
        : throw new MissingActorRegistryEntryException($"No actor is registered for [{typeof(TKey)}].");

    public Task<IActorRef> GetAsync<TKey>(CancellationToken ct = default) => GetAsync(typeof(TKey), ct);

    public async Task<IActorRef> GetAsync(Type key, CancellationToken ct = default)
    {
        var entry = _entries.GetOrAdd(key, _ => new Entry());
        return entry.Actor ?? await entry.Registered.WaitAsync(ct).ConfigureAwait(false);
    }

    public IEnumerator<KeyValuePair<Type, IActorRef>> GetEnumerator() => _entries
        .Where(pair => pair.Value.Actor is not null)
        .Select(pair => new KeyValuePair<Type, IActorRef>(pair.Key, pair.Value.Actor!))
        .GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    private sealed class Entry
    {
        private readonly TaskCompletionSource<IActorRef> _registered = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private IActorRef? _actor;

        public IActorRef? Actor => Volatile.Read(ref _actor);

        public Task<IActorRef> Registered => _registered.Task;

        public bool TrySet(IActorRef actor, bool overwrite)
        {
            if (overwrite) Volatile.Write(ref _actor, actor);
            else if (Interlocked.CompareExchange(ref _actor, actor, null) is not null) return false;
            _registered.TrySetResult(actor);
            return true;
        }
    }
}

public sealed class ActorRegistryExtension : ExtensionIdProvider<ActorRegistry>
{
    public override ActorRegistry CreateExtension(ExtendedActorSystem system) => new();
}

public class ActorRegistryException : Exception
{
    public ActorRegistryException(string message)
        : base(message)
    {
    }

    public ActorRegistryException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}

public sealed class DuplicateActorRegistryException(string message) : ActorRegistryException(message);

public sealed class MissingActorRegistryEntryException(string message) : ActorRegistryException(message);
