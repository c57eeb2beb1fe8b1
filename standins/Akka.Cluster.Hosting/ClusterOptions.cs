using Akka.Cluster.Hosting.SBR;
using Akka.Remote.Hosting;

namespace Akka.Cluster.Hosting;

/// <summary>Settings of the cluster; what is left null stays at its default.</summary>
public sealed class ClusterOptions
{
    public string[]? Roles { get; set; }

    public Dictionary<string, int>? MinimumNumberOfMembersPerRole { get; set; }

    /// <summary>Addresses, such as <c>akka.tcp://name@host:port</c>. The first of them may begin a cluster.</summary>
    public string[]? SeedNodes { get; set; }

    public int? MinimumNumberOfMembers { get; set; }

    public string? AppVersion { get; set; }

    public bool? LogInfo { get; set; }

    public bool? LogInfoVerbose { get; set; }

    public SplitBrainResolverOption? SplitBrainResolver { get; set; }

    public PhiAccrualFailureDetectorOptions? FailureDetector { get; set; }
}

/// <summary>Settings of a singleton; what is left null stays at its default.</summary>
public sealed class ClusterSingletonOptions
{
    /// <summary>How many messages a proxy keeps while no singleton is known.</summary>
    public int? BufferSize { get; set; }

    /// <summary>Only nodes of that role run it.</summary>
    public string? Role { get; set; }

    /// <summary>What the singleton gets when it is to end; it must stop itself then.</summary>
    public object? TerminationMessage { get; set; }
}
