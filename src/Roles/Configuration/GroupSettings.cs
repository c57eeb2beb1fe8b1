using Akka.Configuration;

namespace ActorInference.Roles.Configuration;

/// <summary>How groups are kept: the section <c>actor-inference.groups</c>.</summary>
/// <param name="HostLostAfter">From when a host's agent is silent and removed from the cluster until its instances go elsewhere.</param>
/// <param name="SnapshotEvery">Events between two snapshots of one journal.</param>
public sealed record GroupSettings(TimeSpan HostLostAfter, int SnapshotEvery)
{
    /// <summary>Reads an agent's configuration.</summary>
    /// <exception cref="ConfigurationException">A key is unknown, missing or out of range.</exception>
    public static GroupSettings Of(Config config) => Read(new ConfigSection(config, $"{InferenceSettings.Root}.groups"));

    internal static GroupSettings Read(ConfigSection section)
    {
        var settings = new GroupSettings(section.Duration("host-lost-after"), section.Integer("snapshot-every", min: 1));
        section.CheckNoOthers();
        return settings;
    }
}
