using System.Diagnostics.CodeAnalysis;
using System.Net;
using ActorInference.Host.Composition;
using ActorInference.Roles.Composition;

namespace ActorInference.Host.Commands;

/// <summary>What <c>actorinference node</c> was asked to do, checked.</summary>
public sealed record NodeOptions : ProcessOptions
{
    /// <summary>With a configuration, and a place in the cluster.</summary>
    [SetsRequiredMembers]
    public NodeOptions(ProcessOptions process, ClusterNode cluster)
        : base(process)
    {
        Cluster = cluster;
    }

    /// <summary>Its place in the cluster.</summary>
    public ClusterNode Cluster { get; }

    public bool IsGateway => Cluster.Roles.Contains(NodeRole.Gateway);

    /// <summary>Where a gateway listens for HTTP.</summary>
    public IPAddress Host { get; init; } = IPAddress.Loopback;

    /// <summary>Port of a gateway; 0 takes a free one.</summary>
    public int Port { get; init; }

    /// <summary>Processor that the process keeps to; null for all.</summary>
    public int? Cpu { get; init; }

    /// <summary>Folder for a file of each worker's steps; null for none.</summary>
    public string? StepLogs { get; init; }

    /// <summary>Port that is listened on as long as the process takes work; null for none.</summary>
    public int? ReadyPort { get; init; }

    /// <summary>Whether it ends with the process that started it: when its standard input does.</summary>
    public bool EndsWithInput { get; init; }
}
