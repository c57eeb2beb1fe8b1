using System.Globalization;
using Akka.Configuration;

namespace Akka.Management.Cluster.Bootstrap;

/// <summary>The section <c>akka.management.cluster.bootstrap</c>, checked.</summary>
internal sealed record BootstrapSettings
{
    private const string Path = "akka.management.cluster.bootstrap";

    /// <summary>Whether a new cluster may begin; else only an existing one is joined.</summary>
    public required bool NewClusterEnabled { get; init; }

    /// <summary>What is looked up.</summary>
    public required string EffectiveName { get; init; }

    /// <summary>Null for none.</summary>
    public required string? PortName { get; init; }

    public required string? Protocol { get; init; }

    /// <summary>Null for akka.discovery.method.</summary>
    public required string? DiscoveryMethod { get; init; }

    /// <summary>For how long what was found must not have changed before a new cluster begins.</summary>
    public required TimeSpan StableMargin { get; init; }

    public required TimeSpan Interval { get; init; }

    public required double BackoffRandomFactor { get; init; }

    public required TimeSpan BackoffMax { get; init; }

    /// <summary>How many nodes must have been found before a new cluster begins.</summary>
    public required int RequiredContactPoints { get; init; }

    public required bool ContactWithAllContactPoints { get; init; }

    public required TimeSpan ResolveTimeout { get; init; }

    /// <summary>Of management servers whose port is not found; null for that of this node.</summary>
    public required int? FallbackPort { get; init; }

    /// <summary>Of several ports of one host, only the fallback port counts.</summary>
    public required bool FilterOnFallbackPort { get; init; }

    public required TimeSpan ProbingFailureTimeout { get; init; }

    public required TimeSpan ProbeInterval { get; init; }

    public required double ProbeIntervalJitter { get; init; }

    /// <exception cref="ConfigurationException">A value cannot be used; the message names it.</exception>
    public static BootstrapSettings Read(Config config, string systemName)
    {
        var root = config.GetConfig(Path);
        var discovery = root.GetConfig("contact-point-discovery");
        var contact = root.GetConfig("contact-point");
        var decider = root.GetString("join-decider.class");
        if (!decider.Contains("LowestAddressJoinDecider", StringComparison.Ordinal))
            throw new ConfigurationException($"{Path}.join-decider.class is '{decider}'; it must be LowestAddressJoinDecider.");
        return new BootstrapSettings
        {
            NewClusterEnabled = root.GetBoolean("new-cluster-enabled"),
            EffectiveName = Name(discovery, systemName),
            PortName = Given(discovery, "port-name"),
            Protocol = Given(discovery, "protocol"),
            DiscoveryMethod = discovery.GetString("discovery-method") is var method && method == "akka.discovery" ? null : method,
            StableMargin = discovery.GetTimeSpan("stable-margin", allowInfinite: false),
            Interval = Positive(discovery, "contact-point-discovery.interval", "interval"),
            BackoffRandomFactor = discovery.GetDouble("exponential-backoff-random-factor"),
            BackoffMax = Positive(discovery, "contact-point-discovery.exponential-backoff-max", "exponential-backoff-max"),
            RequiredContactPoints = discovery.GetInt("required-contact-point-nr") is >= 0 and var required
                ? required
                : throw new ConfigurationException($"{Path}.contact-point-discovery.required-contact-point-nr is '{discovery.GetString("required-contact-point-nr")}'; it must be at least 0."),
            ContactWithAllContactPoints = discovery.GetBoolean("contact-with-all-contact-points"),
            ResolveTimeout = Positive(discovery, "contact-point-discovery.resolve-timeout", "resolve-timeout"),
            FallbackPort = Given(contact, "fallback-port") is not { } port ? null
                : ushort.TryParse(port, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number
                : throw new ConfigurationException($"{Path}.contact-point.fallback-port is '{port}'; it must be a port from 0 to 65535."),
            FilterOnFallbackPort = contact.GetBoolean("filter-on-fallback-port"),
            ProbingFailureTimeout = Positive(contact, "contact-point.probing-failure-timeout", "probing-failure-timeout"),
            ProbeInterval = Positive(contact, "contact-point.probe-interval", "probe-interval"),
            ProbeIntervalJitter = contact.GetDouble("probe-interval-jitter"),
        };
    }

    private static string Name(Config discovery, string systemName)
    {
        if (Given(discovery, "effective-name") is { } effective) return effective;
        var service = Given(discovery, "service-name") ?? systemName.ToLowerInvariant().Replace(' ', '-').Replace('_', '-');
        return Given(discovery, "service-namespace") is { } space ? $"{service}.{space}" : service;
    }

    /// <summary>Null if it is empty, or the placeholder of the defaults.</summary>
    private static string? Given(Config config, string key) => config.GetString(key) is { Length: > 0 } text && !text.StartsWith('<') ? text : null;

    private static TimeSpan Positive(Config config, string name, string key) => config.GetTimeSpan(key, allowInfinite: false) is var time && time > TimeSpan.Zero
        ? time
        : throw new ConfigurationException($"{Path}.{name} is '{config.GetString(key)}'; it must be a duration of more than 0.");
}
