using System.Collections.Concurrent;
using Akka.Actor;
using Akka.Configuration;
using Akka.Persistence.Journal;

namespace Akka.Persistence;

/// <summary>Extension id: <c>Persistence.Instance.Apply(system)</c>.</summary>
public class Persistence : ExtensionIdProvider<PersistenceExtension>
{
    public static Persistence Instance { get; } = new();

    public static Config DefaultConfig() => ConfigurationFactory.FromResource("Akka.Persistence.persistence.conf", typeof(Persistence).Assembly);

    public override PersistenceExtension CreateExtension(ExtendedActorSystem system) => new(system);
}

/// <summary>The journals and snapshot stores of an actor system: one actor a plug-in, started when first used.</summary>
public class PersistenceExtension : IExtension
{
    private const string JournalFallback = "akka.persistence.journal-plugin-fallback";
    private const string SnapshotStoreFallback = "akka.persistence.snapshot-store-plugin-fallback";

    private readonly ExtendedActorSystem _system;
    private readonly string _defaultJournal;
    private readonly string _defaultSnapshotStore;
    private readonly ConcurrentDictionary<string, Lazy<IActorRef>> _plugins = new();
    private readonly ConcurrentDictionary<string, Section> _sections = new();

    public PersistenceExtension(ExtendedActorSystem system)
    {
        _system = system;
        system.Settings.InjectTopLevelFallback(Persistence.DefaultConfig());
        var config = system.Settings.Config.GetConfig("akka.persistence");
        _defaultJournal = config.GetString("journal.plugin");
        _defaultSnapshotStore = config.GetString("snapshot-store.plugin");
        var maxRecoveries = config.GetInt("max-concurrent-recoveries");
        RecoveryPermitter = system.SystemActorOf(Props.Create(() => new RecoveryPermitter(maxRecoveries)), "recoveryPermitter");
        foreach (var journal in config.GetStringList("journal.auto-start-journals")) JournalFor(journal);
        foreach (var store in config.GetStringList("snapshot-store.auto-start-snapshot-stores")) SnapshotStoreFor(store);
    }

    /// <summary>What a plug-in actor is made from; it looks this up by its own name while it is being constructed.</summary>
    private sealed record Section(Config Config, EventAdapters Adapters);

    internal IActorRef RecoveryPermitter { get; }

    /// <param name="journalPluginId">The path of its section; empty for the default.</param>
    /// <exception cref="ConfigurationException">The plug-in has no section or no usable class.</exception>
    public IActorRef JournalFor(string journalPluginId) => PluginFor(Or(journalPluginId, _defaultJournal), JournalFallback);

    /// <inheritdoc cref="JournalFor"/>
    public IActorRef SnapshotStoreFor(string snapshotPluginId) => PluginFor(Or(snapshotPluginId, _defaultSnapshotStore), SnapshotStoreFallback);

    /// <inheritdoc cref="JournalFor"/>
    public EventAdapters AdaptersFor(string journalPluginId) => SectionOf(Or(journalPluginId, _defaultJournal), JournalFallback).Adapters;

    /// <summary>A persistence id for an actor that has no better one: its path.</summary>
    public string PersistenceId(IActorRef actor) => actor.Path.ToStringWithoutAddress();

    internal Config JournalConfigFor(string journalPluginId) => SectionOf(Or(journalPluginId, _defaultJournal), JournalFallback).Config;

    /// <summary>The configuration of the plug-in that runs as this actor.</summary>
    internal Config ConfigOf(IActorRef plugin) => _sections[plugin.Path.Name].Config;

    internal EventAdapters AdaptersOf(IActorRef plugin) => _sections[plugin.Path.Name].Adapters;

    private static string Or(string id, string fallback) => string.IsNullOrEmpty(id) ? fallback : id;

    private IActorRef PluginFor(string id, string fallbackPath)
    {
        if (_plugins.TryGetValue(id, out var known)) return known.Value;
        return _plugins.GetOrAdd(id, _ => new Lazy<IActorRef>(() => Start(id, SectionOf(id, fallbackPath)))).Value;
    }

    private IActorRef Start(string id, Section section)
    {
        var className = section.Config.GetString("class");
        var type = string.IsNullOrEmpty(className) ? null : Type.GetType(className);
        if (type is null || !typeof(ActorBase).IsAssignableFrom(type))
            throw new ConfigurationException($"{id}.class is '{className}'; it must be the name of a plug-in that can be loaded, as \"Type, Assembly\".");
        var props = type.GetConstructor([typeof(Config)]) is null ? Props.Create(type) : Props.Create(type, section.Config);
        return _system.SystemActorOf(props.WithDispatcher(section.Config.GetString("plugin-dispatcher")), id);
    }

    private Section SectionOf(string id, string fallbackPath)
    {
        if (_sections.TryGetValue(id, out var known)) return known;
        var root = _system.Settings.Config;
        if (string.IsNullOrEmpty(id) || root.GetConfig(id) is not { } own)
            throw new ConfigurationException($"The persistence plug-in '{id}' has no section in the configuration.");
        var config = own.WithFallback(root.GetConfig(fallbackPath));
        return _sections.GetOrAdd(id, new Section(config, EventAdapters.Create(_system, config)));
    }
}
