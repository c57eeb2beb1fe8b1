using Akka;
using Akka.Actor;
using Akka.Cluster;
using Akka.Cluster.Sharding;

namespace ActorInference.TestNode;

/// <summary>A node that hosts ledgers, and what tests ask of it.</summary>
internal sealed class LedgerNode : IDisposable
{
    private static readonly TimeSpan AskTimeout = TimeSpan.FromSeconds(3);

    private readonly ActorSystem _system;
    private readonly Cluster _cluster;
    private readonly IActorRef _region;

    public LedgerNode(ActorSystem system)
    {
        _system = system;
        _cluster = Cluster.Get(system);
        _region = ClusterSharding.Get(system).Start(
            "ledger", id => LedgerEntity.Props(id), ClusterShardingSettings.Create(system), LedgerEntity.Extractor);
        system.ActorOf(Props.Create(() => new MembershipPrinter()), "membership-printer");
        CoordinatedShutdown.Get(system).AddTask(NodeOptions.PhaseHandedOff, "print-what-is-left", () =>
        {
            Output.Write($"event leaves with {LedgerEntity.Living} entities as {_cluster.SelfMember.Status}");
            return Task.FromResult(Done.Instance);
        });
    }

    public Address Address => _cluster.SelfAddress;

    /// <summary>Done when this node is up; whoever asks knows how long that may take.</summary>
    public async Task<string> JoinAsync(string address)
    {
        var up = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _cluster.RegisterOnMemberUp(() => up.TrySetResult());
        _cluster.Join(Akka.Actor.Address.Parse(address));
        await up.Task;
        return "joined";
    }

    /// <summary>Each member as <c>ADDRESS UID STATUS</c>, with an exclamation mark if it is not reachable.</summary>
    public string Members()
    {
        var state = _cluster.State;
        return string.Join(';', state.Members.Select(member =>
            $"{member.Address} {member.UniqueAddress.Uid} {member.Status}{(state.Unreachable.Contains(member) ? "!" : "")}"));
    }

    /// <summary>The address of the oldest member, which the shard coordinator is on.</summary>
    public string Oldest() => _cluster.State.Members.Aggregate((a, b) => b.IsOlderThan(a) ? b : a).Address.ToString();

    public Task<string> TellEntityAsync(string message) => _region.Ask<string>(message, AskTimeout);

    /// <summary>How many nodes the coordinator places shards on.</summary>
    public async Task<string> RegionsAsync() => $"{(await _region.Ask<CurrentRegions>(GetCurrentRegions.Instance, AskTimeout)).Regions.Count}";

    /// <summary>How many entities live here.</summary>
    public string Living() => $"{LedgerEntity.Living}";

    /// <summary>Leaves in order; the process ends when that is done.</summary>
    public string Leave()
    {
        _ = CoordinatedShutdown.Get(_system).Run(CoordinatedShutdown.ClrExitReason.Instance);
        return "leaving";
    }

    public void Dispose() => _system.Dispose();
}
