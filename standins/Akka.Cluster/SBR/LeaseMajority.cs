using Akka.Configuration;

namespace Akka.Cluster.SBR;

/// <summary>
/// The side goes on that gets a lease, which a third party gives to one only. The smaller side asks later, so that the larger one has
/// it by then if it can.
/// </summary>
/// <param name="LeaseImplementation">The path of the lease's section.</param>
/// <param name="LeaseName">Null for one by the system's name.</param>
/// <param name="DelayForMinority">How much later the smaller side asks.</param>
/// <param name="ReleaseAfter">How long after the last decision the lease is given back.</param>
internal sealed record LeaseMajority(string LeaseImplementation, string LeaseName, TimeSpan DelayForMinority, TimeSpan ReleaseAfter, string Role) : DowningStrategy(Role)
{
    /// <exception cref="ConfigurationException">A value cannot be used.</exception>
    public static LeaseMajority Read(Config config, string role)
    {
        var implementation = config.GetString("lease-implementation");
        if (string.IsNullOrEmpty(implementation))
        {
            throw new ConfigurationException(
                "akka.cluster.split-brain-resolver.lease-majority.lease-implementation is not set; it must be the path of a lease's section, such as akka.coordination.lease.sql.");
        }

        return new LeaseMajority(
            implementation,
            config.GetString("lease-name") is { Length: > 0 } name ? name.Trim() : null,
            config.GetTimeSpan("acquire-lease-delay-for-minority", allowInfinite: false),
            config.GetTimeSpan("release-after", allowInfinite: false),
            role);
    }

    public string LeaseNameOf(string systemName) => LeaseName ?? $"{systemName}-akka-sbr";

    /// <summary>What a side does that has the lease.</summary>
    public override Verdict Judge(Partition partition) => Verdict.DownUnreachable;

    /// <summary>Whether the other side is larger. Of two equal ones neither is.</summary>
    public bool IsMinority(Partition partition)
    {
        var clear = partition.WithoutEntangled();
        return clear.Counted(reachable: true, Role, Counts).Count < clear.Counted(reachable: false, Role, Counts).Count;
    }

    private static bool Counts(MemberStatus status) => status is MemberStatus.Up or MemberStatus.Leaving;
}
