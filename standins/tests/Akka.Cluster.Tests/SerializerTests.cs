using Akka.Cluster;
using Akka.Cluster.Serialization;
using Akka.Util;
using static Akka.Cluster.ClusterProtocol;

namespace ActorInference.Standins.Cluster.Tests;

public sealed class SerializerTests
{
    private readonly ClusterMessageSerializer _serializer = new(system: null!);

    [Fact]
    public void A_gossip_survives_the_trip_through_bytes() => Property.Holds(
        seed =>
        {
            var history = History.Random(seed);
            var envelope = new GossipEnvelope(history.Nodes[0], history.Nodes[1], history.Held[0]);

            var read = (GossipEnvelope)RoundTrip(envelope);

            Assert.Equal(envelope, read);
            Assert.Equal(envelope.Gossip.Members.Values.Select(member => member.ToString()), read.Gossip.Members.Values.Select(member => member.ToString()));
        },
        seeds: 100);

    [Fact]
    public void Every_message_survives_the_trip_through_bytes()
    {
        var node = History.Node(0);
        IClusterMessage[] messages =
        [
            new Welcome(node, Gossip.Empty),
            InitJoin.Instance,
            new InitJoinAck(node.Address),
            new InitJoinNack(node.Address),
            new ExitingConfirmed(node),
            new GossipStatus(node, VectorClock.Empty.Increment(node), 0xBEEF),
            new Heartbeat(node.Address, 7),
            new HeartbeatRsp(node, 7),
        ];

        Assert.All(messages, message => Assert.Equal(message, RoundTrip(message)));

        var join = (Join)RoundTrip(new Join(node, ["cache", "decode"], AppVersion.Create("1.2.3-rc1")));
        Assert.Equal(node, join.Node);
        Assert.Equal(["cache", "decode"], join.Roles.Order());
        Assert.Equal("1.2.3-rc1", join.AppVersion.Version);
    }

    [Fact]
    public void The_bytes_of_a_message_stay_what_they_are() => Assert.Equal(
        "1E616B6B612E7463703A2F2F6E6F6465734031302E302E302E313A34303533D00F0E",
        Convert.ToHexString(_serializer.ToBinary(new HeartbeatRsp(History.Node(0), 7))));

    [Fact]
    public void A_field_that_a_later_version_appends_is_passed_over()
    {
        var bytes = _serializer.ToBinary(new HeartbeatRsp(History.Node(0), 7));

        Assert.Equal(new HeartbeatRsp(History.Node(0), 7), _serializer.FromBinary([.. bytes, 1, 2, 3], "HBR"));
    }

    [Fact]
    public void Bytes_that_end_early_or_make_no_sense_are_an_error_and_no_more() => Property.Holds(seed =>
    {
        var random = new Random(seed);
        var bytes = _serializer.ToBinary(new GossipEnvelope(History.Node(0), History.Node(1), History.Random(seed).Held[0]));
        if (random.Next(2) == 0) bytes = bytes[..random.Next(bytes.Length)];
        else bytes[random.Next(bytes.Length)] ^= (byte)(1 << random.Next(8));

        try
        {
            _serializer.FromBinary(bytes, "GE");
        }
        catch (Exception e)
        {
            Assert.Equal("WireFormatException", e.GetType().Name);
        }
    });

    private object RoundTrip(object message) => _serializer.FromBinary(_serializer.ToBinary(message), _serializer.Manifest(message));
}
