using System.Collections.Immutable;
using ActorInference.Cache.Transfer;
using ActorInference.Host.Cli;
using ActorInference.Host.Commands;
using ActorInference.Roles.Composition;
using Akka.Actor;
using Akka.Cluster;
using Akka.Hosting;

namespace ActorInference.Host.Composition;

/// <summary>One process of a cluster: where it listens for the others, what it does there, and where it finds them.</summary>
/// <param name="Host">Where the others reach it.</param>
/// <param name="Port">0 takes a free one.</param>
/// <param name="Roles">What it does.</param>
/// <param name="Seeds">Processes to join, as <c>host:port</c>; none begins a cluster.</param>
public sealed record ClusterNode(ClusterHost Host, int Port, ImmutableSortedSet<NodeRole> Roles, ImmutableArray<string> Seeds)
{
    private static readonly TimeSpan MembershipCheck = TimeSpan.FromMilliseconds(20);

    /// <summary>Whether it has workers, and so a model in memory.</summary>
    public bool HasWorkers => Roles.HasWorkers();

    /// <summary>Makes what exchanges the pages of a model with other processes.</summary>
    public PageExchange CreateExchange(LoadedModel model, ModelOptions options) => new(
        model.Pages, Host.Listen, Host.Name, port: 0, new PageFetcherOptions { UseSharedMemory = options.Transport != TransferTransport.Tcp });

    /// <summary>Configures the actor system as a member.</summary>
    public void Configure(AkkaConfigurationBuilder akka) => akka.AddHocon(
        $$"""
        akka {
          actor.provider = cluster
          remote.dot-netty.tcp { hostname = "{{Host.Listen}}", public-hostname = "{{Host.Name}}", port = {{Port}} }
          cluster.roles = [{{string.Join(", ", Roles.Select(role => role.Name()))}}]
        }
        """,
        HoconAddMode.Prepend);

    /// <summary>Joins the others, or begins a cluster.</summary>
    /// <param name="system">Of this process.</param>
    /// <param name="timeout">For the others to let it in.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <returns>This process as a seed for others, <c>host:port</c>.</returns>
    /// <exception cref="UserErrorException">No seed answered.</exception>
    public async Task<string> JoinAsync(ActorSystem system, TimeSpan timeout, CancellationToken cancellationToken)
    {
        var cluster = Cluster.Get(system);
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        deadline.CancelAfter(timeout);
        try
        {
            if (Seeds.IsEmpty) await cluster.JoinAsync(cluster.SelfAddress, deadline.Token);
            else await JoinSeedsAsync(cluster, deadline.Token);
        }
        catch (Exception failure) when (failure is OperationCanceledException or ClusterJoinFailedException && !cancellationToken.IsCancellationRequested)
        {
            throw new UserErrorException(
                $"--seed is '{string.Join(',', Seeds)}'; expected a running process of the cluster '{system.Name}' there, but none let this one join within {timeout.TotalSeconds:0.#} s.", failure);
        }

        return $"{cluster.SelfAddress.Host}:{cluster.SelfAddress.Port}";
    }

    /// <summary>
    /// Until the others know this node. Not until it is Up: as long as a member that died is not removed nobody becomes that, and
    /// workers can work before.
    /// </summary>
    private async Task JoinSeedsAsync(Cluster cluster, CancellationToken cancellationToken)
    {
        cluster.JoinSeedNodes(Seeds.Select(seed => Parse(seed, cluster.SelfAddress)));
        using var timer = new PeriodicTimer(MembershipCheck);
        while (!cluster.State.Members.Any(member => member.UniqueAddress.Equals(cluster.SelfUniqueAddress))) await timer.WaitForNextTickAsync(cancellationToken);
    }

    /// <summary>Has the cluster remove a member whose process is known to be dead, so that it need not find out, and others may come.</summary>
    public static void RemoveDead(ActorSystem system, string address)
    {
        var cluster = Cluster.Get(system);
        cluster.Down(Parse(address, cluster.SelfAddress));
    }

    /// <summary>Whether a text is <c>host:port</c>.</summary>
    public static bool IsSeed(string text) =>
        text.LastIndexOf(':') is > 0 and var colon && int.TryParse(text[(colon + 1)..], out var port) && port is > 0 and < 65536;

    /// <summary>An address of the same system as this one.</summary>
    public static Address Parse(string seed, Address self)
    {
        var colon = seed.LastIndexOf(':');
        return new Address(self.Protocol, self.System, seed[..colon], int.Parse(seed[(colon + 1)..], System.Globalization.CultureInfo.InvariantCulture));
    }
}
