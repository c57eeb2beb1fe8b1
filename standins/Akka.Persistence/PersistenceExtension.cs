using System.Collections.Concurrent;
using Akka.Actor;
using Akka.Configuration;
using Akka.Persistence.Journal;

namespace Akka.Persistence;

/// <summary>Extension id: <c>Persistence.Instance.Apply(system)</c>.</summary>
public sealed class Persistence : ExtensionIdProvider<PersistenceExtension>
{
    public static readonly Persistence Instance = new();

    private Persistence()
    {
    }

    public static Config DefaultConfig() => ConfigurationFactory.FromResource("Akka.Persistence.persistence.conf", typeof(Persistence).Assembly);

    public override PersistenceExtension CreateExtension(ExtendedActorSystem system) => new(system);
}

/// <summary>The journals and snapshot stores of an actor system: one actor a plug-in, started when first used.</summary>
public sealed class PersistenceExtension : IExtension
{
    private readonly ExtendedActorSystem _system;
    private readonly ConcurrentDictionary<string, Lazy<Plugin>> _plugins = new();
    private readonly ConcurrentDictionary<string, Plugin> _byActorName = new();

    private sealed record Plugin(IActorRef Actor, Config Config, EventAdapters Adapters);

    internal PersistenceExtension(ExtendedActorSystem system)
    {
        _system = system;
        system.Settings.InjectTopLevelFallback(Persistence.DefaultConfig());
        var config = system.Settings.Config.GetConfig("akka.persistence");
        DefaultJournal = config.GetString("journal.plugin");
        DefaultSnapshotStore = config.GetString("snapshot-store.plugin");
        RecoveryPermitter = system.SystemActorOf(
            Props.Create(() => new RecoveryPermitter(config.GetInt("max-concurrent-recoveries", 0))), "recovery-permitter");
        foreach (var journal in config.GetStringList("journal.auto-start-journals")) JournalFor(journal);
        foreach (var store in config.GetStringList("snapshot-store.auto-start-snapshot-stores")) SnapshotStoreFor(store);
    }

    internal string DefaultJournal { get; }

    internal string DefaultSnapshotStore { get; }

    internal IActorRef RecoveryPermitter { get; }

    /// <exception cref="ConfigurationException">The plug-in has no section or no usable class.</exception>
    public IActorRef JournalFor(string journalPluginId) =>
        PluginFor(Or(journalPluginId, DefaultJournal), "akka.persistence.journal-plugin-fallback").Actor;

    /// <inheritdoc cref="JournalFor"/>
    public IActorRef SnapshotStoreFor(string snapshotPluginId) =>
        PluginFor(Or(snapshotPluginId, DefaultSnapshotStore), "akka.persistence.snapshot-store-plugin-fallback").Actor;

    public EventAdapters AdaptersFor(string journalPluginId) =>
        PluginFor(Or(journalPluginId, DefaultJournal), "akka.persistence.journal-plugin-fallback").Adapters;

    /// <summary>Persistence id of an actor that does not choose one: its path.</summary>
    public string PersistenceId(IActorRef actor) => actor.Path.ToStringWithoutAddress();

    internal Config JournalConfigFor(string journalPluginId) =>
        PluginFor(Or(journalPluginId, DefaultJournal), "akka.persistence.journal-plugin-fallback").Config;

    /// <summary>The configuration of the plug-in that runs as this actor.</summary>
    internal Config ConfigOf(IActorRef plugin) => _byActorName[plugin.Path.Name].Config;

    internal EventAdapters AdaptersOf(IActorRef plugin) => _byActorName[plugin.Path.Name].Adapters;

    private static string Or(string? id, string fallback) => string.IsNullOrEmpty(id) ? fallback : id;

    private Plugin PluginFor(string id, string fallbackPath) =>
        _plugins.GetOrAdd(id, static (id, self) => new Lazy<Plugin>(() => self.This.Start(id, self.Fallback)), (This: this, Fallback: fallbackPath)).Value;

    private Plugin Start(string id, string fallbackPath)
    {
        var root = _system.Settings.Config;
        if (!root.HasPath(id))
            throw new ConfigurationException($"Persistence plug-in '{id}' has no section in the configuration.");
        var config = root.GetConfig(id).WithFallback(root.GetConfig(fallbackPath));
        var className = config.GetString("class");
        var type = className is null ? null : Type.GetType(className);
        if (type is null)
            throw new ConfigurationException($"{id}.class is '{className}'; it must be a type that can be loaded, as \"Type, Assembly\".");

        var plugin = new Plugin(ActorRefs.Nobody, config, EventAdapters.Create(_system, config));
        // The actor looks its settings up by name while it is being constructed.
        _byActorName[id] = plugin;
        var props = type.GetConstructor([typeof(Config)]) is null ? Props.Create(type) : Props.Create(type, config);
        return _byActorName[id] = plugin with { Actor = _system.SystemActorOf(props.WithDispatcher(config.GetString("plugin-dispatcher")), id) };
    }
}
