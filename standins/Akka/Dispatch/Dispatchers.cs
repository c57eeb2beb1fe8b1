using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using Akka.Actor;
using Akka.Configuration;

namespace Akka.Dispatch;

/// <summary>Finds dispatchers by the path of their section in the configuration.</summary>
public sealed class Dispatchers
{
    public const string DefaultDispatcherId = "akka.actor.default-dispatcher";
    public const string InternalDispatcherId = "akka.actor.internal-dispatcher";
    public const string SynchronizedDispatcherId = "akka.actor.synchronized-dispatcher";

    private readonly ConcurrentDictionary<string, MessageDispatcherConfigurator> _configurators = new();
    private readonly ConditionalWeakTable<MessageDispatcher, object> _withThreads = [];
    private readonly ActorSystem _system;
    private readonly Config _defaults;

    public Dispatchers(ActorSystem system, IDispatcherPrerequisites prerequisites)
    {
        _system = system;
        Prerequisites = prerequisites;
        _defaults = system.Settings.Config.GetConfig(DefaultDispatcherId);
    }

    public IDispatcherPrerequisites Prerequisites { get; }

    public Config DefaultDispatcherConfig => Section(DefaultDispatcherId);

    public MessageDispatcher DefaultGlobalDispatcher => Lookup(DefaultDispatcherId);

    public MessageDispatcher InternalDispatcher => Lookup(InternalDispatcherId);

    /// <exception cref="ConfigurationException">There is no such dispatcher, or its section is wrong.</exception>
    public MessageDispatcher Lookup(string dispatcherName)
    {
        var dispatcher = Configurator(dispatcherName).Dispatcher();
        if (dispatcher is DedicatedThreadDispatcher) _withThreads.TryAdd(dispatcher, null);
        return dispatcher;
    }

    public bool HasDispatcher(string id) => _configurators.ContainsKey(id) || _system.Settings.Config.HasPath(id);

    /// <summary>Puts a dispatcher under an id. False if the id is taken.</summary>
    public bool RegisterConfigurator(string id, MessageDispatcherConfigurator configurator) => _configurators.TryAdd(id, configurator);

    internal void ShutdownAll()
    {
        foreach (var (dispatcher, _) in _withThreads) dispatcher.ShutdownNow();
    }

    private MessageDispatcherConfigurator Configurator(string id) =>
        _configurators.TryGetValue(id, out var known) ? known : _configurators.GetOrAdd(id, Create(id));

    private MessageDispatcherConfigurator Create(string id)
    {
        if (!_system.Settings.Config.HasPath(id)) throw new ConfigurationException($"Dispatcher [{id}] is not configured.");
        var config = Section(id);
        var type = config.GetString("type");
        switch (type)
        {
            case "Dispatcher" or "TaskDispatcher":
                return new DispatcherConfigurator(config, Prerequisites);
            case "ForkJoinDispatcher":
                return new ForkJoinDispatcherConfigurator(config, Prerequisites);
            case "PinnedDispatcher":
                return new PinnedDispatcherConfigurator(config, Prerequisites);
            case "SynchronizedDispatcher":
                return new CurrentSynchronizationContextDispatcherConfigurator(config, Prerequisites);
            case null or "":
                throw new ConfigurationException($"Dispatcher [{id}] has no type.");
        }

        var custom = Type.GetType(type);
        if (custom is null || !typeof(MessageDispatcherConfigurator).IsAssignableFrom(custom))
        {
            throw new ConfigurationException(
                $"type of dispatcher [{id}] is '{type}'; it must be Dispatcher, TaskDispatcher, ForkJoinDispatcher, PinnedDispatcher, "
                + "SynchronizedDispatcher or the name of a MessageDispatcherConfigurator.");
        }

        return (MessageDispatcherConfigurator)Activator.CreateInstance(custom, config, Prerequisites);
    }

    private Config Section(string id)
    {
        var name = id[(id.LastIndexOf('.') + 1)..];
        return ConfigurationFactory.ParseString($"id = \"{id}\"\nname = \"{name}\"")
            .WithFallback(_system.Settings.Config.GetConfig(id))
            .WithFallback(_defaults);
    }
}
