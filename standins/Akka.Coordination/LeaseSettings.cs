using Akka.Configuration;

namespace Akka.Coordination;

/// <summary>Which lease, and who wants it.</summary>
public sealed class LeaseSettings(string leaseName, string ownerName, TimeoutSettings timeoutSettings, Config leaseConfig)
{
    public string LeaseName { get; } = leaseName;

    public string OwnerName { get; } = ownerName;

    public TimeoutSettings TimeoutSettings { get; } = timeoutSettings;

    /// <summary>The section of the implementation.</summary>
    public Config LeaseConfig { get; } = leaseConfig;

    public static LeaseSettings Create(Config config, string leaseName, string ownerName) =>
        new(leaseName, ownerName, TimeoutSettings.Create(config), config);

    public LeaseSettings WithTimeoutSettings(TimeoutSettings timeoutSettings) => new(LeaseName, OwnerName, timeoutSettings, LeaseConfig);

    public override string ToString() => $"LeaseSettings({LeaseName}, {OwnerName}, {TimeoutSettings})";
}

/// <summary>How something uses a lease.</summary>
public sealed class LeaseUsageSettings(string leaseImplementation, TimeSpan leaseRetryInterval)
{
    /// <summary>The path of its section.</summary>
    public string LeaseImplementation { get; } = leaseImplementation;

    public TimeSpan LeaseRetryInterval { get; } = leaseRetryInterval;

    public override string ToString() => $"LeaseUsageSettings({LeaseImplementation}, {LeaseRetryInterval})";
}
