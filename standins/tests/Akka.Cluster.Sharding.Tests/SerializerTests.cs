using Akka.Actor;
using Akka.Cluster.Sharding;
using Akka.Cluster.Sharding.Coordination;
using Akka.Cluster.Sharding.Serialization;
using Akka.Configuration;
using Akka.Remote.Wire;
using static Akka.Cluster.Sharding.ShardingProtocol;

namespace ActorInference.Standins.Sharding.Tests;

/// <summary>Sharding's messages and events as bytes.</summary>
public sealed class SerializerTests : IDisposable
{
    private readonly ActorSystem _system = ActorSystem.Create("bytes", ConfigurationFactory.ParseString("""
        akka.stdout-loglevel = OFF
        akka.loggers = []
        akka.actor.provider = remote
        akka.remote.dot-netty.tcp {
          hostname = "127.0.0.1"
          port = 0
        }
        """));

    private ClusterShardingMessageSerializer Serializer => new((ExtendedActorSystem)_system);

    public void Dispose() => ((ExtendedActorSystem)_system).Abort();

    [Fact]
    public void What_is_written_is_read_again()
    {
        foreach (var message in Messages())
        {
            var read = Serializer.FromBinary(Serializer.ToBinary(message), Serializer.Manifest(message));
            Assert.Equal(message, read);
        }
    }

    [Fact]
    public void Every_message_has_a_manifest_of_its_own()
    {
        var manifests = Messages().Select(Serializer.Manifest).ToList();

        Assert.Equal(manifests.Count, manifests.Distinct().Count());
    }

    [Fact]
    public void A_state_is_read_as_it_was()
    {
        var (one, other) = (_system.ActorOf(Props.Empty), _system.ActorOf(Props.Empty));
        var state = CoordinatorState.Empty
            .Apply(new RegionRegistered(one)).Apply(new RegionRegistered(other))
            .Apply(new ShardHomeAllocated("b", one)).Apply(new ShardHomeAllocated("a", one)).Apply(new ShardHomeAllocated("c", other))
            .Apply(new ShardHomeDeallocated("c"));

        var read = (CoordinatorState)Serializer.FromBinary(Serializer.ToBinary(state), Serializer.Manifest(state));

        Assert.Equal(["b", "a"], read.Regions[one]);
        Assert.Empty(read.Regions[other]);
        Assert.Equal(one, read.Shards["a"]);
        Assert.Equal(["c"], read.Unallocated);
    }

    /// <summary>Bytes in journals outlive every version of the program.</summary>
    [Fact]
    public void The_journaled_form_of_events_never_changes()
    {
        Assert.Equal(("AG", "0137"), Form(new ShardHomeDeallocated("7")));
        Assert.Equal(("AH", "0137"), Form(new ShardRemembered("7")));
        Assert.Equal(("CB", "020161026262"), Form(new EntitiesStarted(["a", "bb"])));
        Assert.Equal(("CD", "010161"), Form(new EntitiesStopped(["a"])));
    }

    [Fact]
    public void Bytes_that_are_cut_off_are_refused()
    {
        foreach (var message in Messages())
        {
            var bytes = Serializer.ToBinary(message);
            for (var length = 0; length < bytes.Length; length++)
                Assert.Throws<WireFormatException>(() => Serializer.FromBinary(bytes[..length], Serializer.Manifest(message)));
        }
    }

    [Fact]
    public void A_manifest_that_is_not_known_is_refused()
    {
        Assert.Throws<WireFormatException>(() => Serializer.FromBinary([], "ZZ"));
        Assert.Throws<ArgumentException>(() => Serializer.Manifest("a text"));
    }

    private (string Manifest, string Bytes) Form(object message) => (Serializer.Manifest(message), Convert.ToHexStringLower(Serializer.ToBinary(message)));

    private IEnumerable<object> Messages()
    {
        var actor = _system.ActorOf(Props.Empty);
        return
        [
            new RegionRegistered(actor), new RegionTerminated(actor), new ShardHomeAllocated("7", actor), new ShardHomeDeallocated("7"),
            new ShardRemembered("7"), new RegisterProxy(actor), new RegisterAck(actor), new GetShardHome("7"), new ShardHome("ü", actor),
            new HostShard("7"), new ShardStarted("7"), new BeginHandOff("7"), new BeginHandOffAck("7"), new HandOff("7"), new ShardStopped("7"),
            new GracefulShutdownRequest(actor), RegisterAgain.Instance, GetShardRegionStats.Instance, GetCurrentRegions.Instance,
            GetShardRegionState.Instance,
        ];
    }
}
