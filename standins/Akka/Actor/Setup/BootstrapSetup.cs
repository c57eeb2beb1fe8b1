using Akka.Configuration;
using Akka.Util;

namespace Akka.Actor;

/// <summary>The configuration and the provider of an actor system.</summary>
public class BootstrapSetup : Setup.Setup
{
    private BootstrapSetup(Option<Config> config, Option<Config> configFallback, Option<ProviderSelection> actorRefProvider)
    {
        Config = config;
        ConfigFallback = configFallback;
        ActorRefProvider = actorRefProvider;
    }

    public Option<Config> Config { get; }

    public Option<Config> ConfigFallback { get; }

    public Option<ProviderSelection> ActorRefProvider { get; }

    public static BootstrapSetup Create() => new(Option<Config>.None, Option<Config>.None, Option<ProviderSelection>.None);

    public BootstrapSetup WithActorRefProvider(ProviderSelection name) => new(Config, ConfigFallback, name);

    public BootstrapSetup WithConfig(Config config) => new(config, ConfigFallback, ActorRefProvider);

    /// <summary>Adds a configuration below the others, above the reference only.</summary>
    public BootstrapSetup WithConfigFallback(Config config) => new(
        Config, ConfigFallback.HasValue ? ConfigFallback.Value.WithFallback(config) : config, ActorRefProvider);
}

/// <summary>Which provider an actor system uses, and thereby how far its references reach.</summary>
public abstract class ProviderSelection
{
    private ProviderSelection(string identifier, string fqn, bool hasCluster)
    {
        Identifier = identifier;
        Fqn = fqn;
        HasCluster = hasCluster;
    }

    internal string Identifier { get; }

    internal string Fqn { get; }

    internal bool HasCluster { get; }

    internal static ProviderSelection GetProvider(string provider) => provider switch
    {
        "local" or "Akka.Actor.LocalActorRefProvider" => Local.Instance,
        "remote" => Remote.Instance,
        "cluster" => Cluster.Instance,
        _ => new Custom(provider, hasCluster: provider.Contains("Cluster", StringComparison.Ordinal)),
    };

    public sealed class Local : ProviderSelection
    {
        public static readonly Local Instance = new();

        private Local()
            : base("local", "Akka.Actor.LocalActorRefProvider, Akka", false)
        {
        }
    }

    public sealed class Remote : ProviderSelection
    {
        public static readonly Remote Instance = new();

        private Remote()
            : base("remote", "Akka.Remote.RemoteActorRefProvider, Akka.Remote", false)
        {
        }
    }

    public sealed class Cluster : ProviderSelection
    {
        public static readonly Cluster Instance = new();

        private Cluster()
            : base("cluster", "Akka.Cluster.ClusterActorRefProvider, Akka.Cluster", true)
        {
        }
    }

    public sealed class Custom(string fqn, string identifier = "custom", bool hasCluster = false) : ProviderSelection(identifier, fqn, hasCluster);
}
