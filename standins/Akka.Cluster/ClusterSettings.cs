using System.Collections.Immutable;
using System.Reflection;
using Akka.Actor;
using Akka.Configuration;
using Akka.Util;

namespace Akka.Cluster;

/// <summary>The section <c>akka.cluster</c>.</summary>
public sealed class ClusterSettings
{
    /// <exception cref="ConfigurationException">A value cannot be used; the message names it.</exception>
    public ClusterSettings(Config config, string systemName)
    {
        var cluster = config.GetConfig("akka.cluster") ?? throw new ConfigurationException("There is no section akka.cluster.");
        SystemName = systemName;
        SeedNodes = [.. cluster.GetStringList("seed-nodes").Select(text => ParseSeed(text, systemName))];
        SeedNodeTimeout = cluster.GetTimeSpan("seed-node-timeout");
        RetryUnsuccessfulJoinAfter = OffOr(cluster, "retry-unsuccessful-join-after");
        ShutdownAfterUnsuccessfulJoinSeedNodes = OffOr(cluster, "shutdown-after-unsuccessful-join-seed-nodes");
        DownRemovalMargin = OffOr(cluster, "down-removal-margin") ?? TimeSpan.Zero;
        DowningProviderType = cluster.GetString("downing-provider-class");
        RunCoordinatedShutdownWhenDown = cluster.GetBoolean("run-coordinated-shutdown-when-down");
        WeaklyUpAfter = OffOr(cluster, "allow-weakly-up-members");
        Roles = [.. cluster.GetStringList("roles")];
        AppVersion = ParseVersion(cluster.GetString("app-version"));
        MinNrOfMembers = AtLeastOne(cluster, "min-nr-of-members");
        MinNrOfMembersOfRole = (cluster.GetConfig("role") ?? Config.Empty).AsEnumerable()
            .Select(role => (Name: role.Key.Trim('"'), Key: $"role.{role.Key}.min-nr-of-members"))
            .Where(role => cluster.HasPath(role.Key))
            .ToImmutableDictionary(role => role.Name, role => AtLeastOne(cluster, role.Key));
        LogInfo = cluster.GetBoolean("log-info");
        LogInfoVerbose = cluster.GetBoolean("log-info-verbose");
        PeriodicTasksInitialDelay = cluster.GetTimeSpan("periodic-tasks-initial-delay");
        GossipInterval = cluster.GetTimeSpan("gossip-interval");
        LeaderActionsInterval = cluster.GetTimeSpan("leader-actions-interval");
        UnreachableNodesReaperInterval = cluster.GetTimeSpan("unreachable-nodes-reaper-interval");
        GossipDifferentViewProbability = cluster.GetDouble("gossip-different-view-probability");
        PruneGossipTombstonesAfter = cluster.GetTimeSpan("prune-gossip-tombstones-after");
        UseDispatcher = cluster.GetString("use-dispatcher");
        FailureDetectorConfig = cluster.GetConfig("failure-detector");
        FailureDetectorImplementationClass = FailureDetectorConfig.GetString("implementation-class");
        HeartbeatInterval = FailureDetectorConfig.GetTimeSpan("heartbeat-interval");
        HeartbeatExpectedResponseAfter = FailureDetectorConfig.GetTimeSpan("expected-response-after");
        MonitoredByNrOfMembers = AtLeastOne(FailureDetectorConfig, "monitored-by-nr-of-members");
    }

    public string SystemName { get; }

    public ImmutableList<Address> SeedNodes { get; }

    public TimeSpan SeedNodeTimeout { get; }

    /// <summary>Null for never.</summary>
    public TimeSpan? RetryUnsuccessfulJoinAfter { get; }

    /// <summary>Null for never.</summary>
    public TimeSpan? ShutdownAfterUnsuccessfulJoinSeedNodes { get; }

    public TimeSpan DownRemovalMargin { get; }

    public string DowningProviderType { get; }

    public bool RunCoordinatedShutdownWhenDown { get; }

    public bool AllowWeaklyUpMembers => WeaklyUpAfter is not null;

    /// <summary>Null for never.</summary>
    public TimeSpan? WeaklyUpAfter { get; }

    public ImmutableHashSet<string> Roles { get; }

    public AppVersion AppVersion { get; }

    public int MinNrOfMembers { get; }

    public ImmutableDictionary<string, int> MinNrOfMembersOfRole { get; }

    public bool LogInfo { get; }

    public bool LogInfoVerbose { get; }

    public TimeSpan PeriodicTasksInitialDelay { get; }

    public TimeSpan GossipInterval { get; }

    public TimeSpan LeaderActionsInterval { get; }

    public TimeSpan UnreachableNodesReaperInterval { get; }

    public double GossipDifferentViewProbability { get; }

    public TimeSpan PruneGossipTombstonesAfter { get; }

    public string UseDispatcher { get; }

    public Config FailureDetectorConfig { get; }

    public string FailureDetectorImplementationClass { get; }

    public TimeSpan HeartbeatInterval { get; }

    public TimeSpan HeartbeatExpectedResponseAfter { get; }

    public int MonitoredByNrOfMembers { get; }

    internal static TimeSpan? OffOr(Config config, string key)
    {
        var text = config.GetString(key);
        return text is null || text.ToLowerInvariant() is "off" or "false" or "no" ? null : config.GetTimeSpan(key, allowInfinite: false);
    }

    private static Address ParseSeed(string text, string systemName)
    {
        if (!Address.TryParse(text, out var address) || !address.HasGlobalScope)
            throw new ConfigurationException($"akka.cluster.seed-nodes has '{text}'; it must be an address such as akka.tcp://{systemName}@host:port.");
        return address;
    }

    private static int AtLeastOne(Config config, string key)
    {
        var value = config.GetInt(key);
        return value > 0 ? value : throw new ConfigurationException($"akka.cluster: {key} is {value}; it must be at least 1.");
    }

    private static AppVersion ParseVersion(string text)
    {
        if (text is not (null or "" or "assembly-version")) return AppVersion.Create(text);
        var version = Assembly.GetEntryAssembly()?.GetName().Version;
        return version is null ? AppVersion.Zero : AppVersion.Create(version.ToString(3));
    }
}
