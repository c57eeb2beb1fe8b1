using Akka.Actor;
using Akka.Configuration;

namespace Akka.Cluster.Tools.PublishSubscribe;

/// <summary>The section <c>akka.cluster.pub-sub</c>.</summary>
public sealed record DistributedPubSubSettings : INoSerializationVerificationNeeded
{
    private DistributedPubSubSettings()
    {
    }

    /// <summary>Null for all nodes.</summary>
    public string Role { get; private init; }

    public bool IsRoundRobin { get; private init; }

    public TimeSpan GossipInterval { get; private init; }

    public TimeSpan RemovedTimeToLive { get; private init; }

    public int MaxDeltaElements { get; private init; }

    public bool SendToDeadLettersWhenNoSubscribers { get; private init; }

    public static DistributedPubSubSettings Create(ActorSystem system)
    {
        ToolsDefaults.ForPublishSubscribe(system);
        return Create(system.Settings.Config.GetConfig("akka.cluster.pub-sub"));
    }

    /// <exception cref="ConfigurationException">A value cannot be used.</exception>
    public static DistributedPubSubSettings Create(Config config)
    {
        var logic = config.GetString("routing-logic");
        if (logic is not ("random" or "round-robin"))
            throw new ConfigurationException($"akka.cluster.pub-sub.routing-logic is '{logic}'; it must be random or round-robin.");
        return new DistributedPubSubSettings
        {
            Role = config.GetString("role") is { Length: > 0 } role ? role : null,
            IsRoundRobin = logic == "round-robin",
            GossipInterval = config.GetTimeSpan("gossip-interval"),
            RemovedTimeToLive = config.GetTimeSpan("removed-time-to-live"),
            MaxDeltaElements = config.GetInt("max-delta-elements") is > 0 and var most
                ? most
                : throw new ConfigurationException($"akka.cluster.pub-sub.max-delta-elements is {config.GetInt("max-delta-elements")}; it must be at least 1."),
            SendToDeadLettersWhenNoSubscribers = config.GetBoolean("send-to-dead-letters-when-no-subscribers"),
        };
    }

    public DistributedPubSubSettings WithRole(string role) => this with { Role = string.IsNullOrEmpty(role) ? null : role };

    public DistributedPubSubSettings WithGossipInterval(TimeSpan gossipInterval) => this with { GossipInterval = gossipInterval };

    public DistributedPubSubSettings WithMaxDeltaElements(int maxDeltaElements) => this with { MaxDeltaElements = maxDeltaElements };
}
