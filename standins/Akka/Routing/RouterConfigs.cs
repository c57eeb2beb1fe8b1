using Akka.Configuration;

namespace Akka.Routing;

/// <summary>Router configurations by their names in <c>akka.actor.deployment</c>.</summary>
internal static class RouterConfigs
{
    /// <exception cref="ConfigurationException">The router is of no kind that there is.</exception>
    public static RouterConfig FromDeployment(Config config)
    {
        var name = config.GetString("router", "from-code");
        return name switch
        {
            null or "" or "from-code" => NoRouter.Instance,
            "round-robin-pool" => new RoundRobinPool(config),
            "random-pool" => new RandomPool(config),
            "broadcast-pool" => new BroadcastPool(config),
            "smallest-mailbox-pool" => new SmallestMailboxPool(config),
            "consistent-hashing-pool" => new ConsistentHashingPool(config),
            "round-robin-group" => new RoundRobinGroup(config),
            "random-group" => new RandomGroup(config),
            "broadcast-group" => new BroadcastGroup(config),
            "consistent-hashing-group" => new ConsistentHashingGroup(config),
            _ => Custom(name, config),
        };
    }

    private static RouterConfig Custom(string name, Config config)
    {
        var type = Type.GetType(name);
        return type is not null && typeof(RouterConfig).IsAssignableFrom(type)
            ? (RouterConfig)Activator.CreateInstance(type, config)
            : throw new ConfigurationException(
                $"akka.actor.deployment has the router '{name}'; it must be round-robin-, random-, broadcast- or consistent-hashing-pool or -group, "
                + "smallest-mailbox-pool, or the name of a RouterConfig.");
    }
}
