using System.Collections.Immutable;
using Akka.Actor;
using Akka.Remote.Wire;
using Akka.Serialization;
using static Akka.Cluster.ClusterProtocol;

namespace Akka.Cluster.Serialization;

/// <summary>The cluster's messages between nodes. A message only ever gains fields, at its end.</summary>
public sealed class ClusterMessageSerializer(ExtendedActorSystem system) : SerializerWithStringManifest(system)
{
    private const string JoinManifest = "J";
    private const string WelcomeManifest = "W";
    private const string InitJoinManifest = "IJ";
    private const string InitJoinAckManifest = "IJA";
    private const string InitJoinNackManifest = "IJN";
    private const string ExitingConfirmedManifest = "EC";
    private const string GossipEnvelopeManifest = "GE";
    private const string GossipStatusManifest = "GS";
    private const string HeartbeatManifest = "HB";
    private const string HeartbeatRspManifest = "HBR";

    public override int Identifier => 5;

    public override string Manifest(object o) => o switch
    {
        Join => JoinManifest,
        Welcome => WelcomeManifest,
        InitJoin => InitJoinManifest,
        InitJoinAck => InitJoinAckManifest,
        InitJoinNack => InitJoinNackManifest,
        ExitingConfirmed => ExitingConfirmedManifest,
        GossipEnvelope => GossipEnvelopeManifest,
        GossipStatus => GossipStatusManifest,
        Heartbeat => HeartbeatManifest,
        HeartbeatRsp => HeartbeatRspManifest,
        _ => throw new ArgumentException($"{o.GetType()} is not for {nameof(ClusterMessageSerializer)}.", nameof(o)),
    };

    public override byte[] ToBinary(object obj)
    {
        var writer = new WireWriter();
        switch (obj)
        {
            case Join join:
                GossipFormat.WriteNode(writer, join.Node);
                GossipFormat.WriteCounted(writer, join.Roles, role => writer.Text(role));
                writer.Text(join.AppVersion.Version);
                break;
            case Welcome welcome:
                GossipFormat.WriteNode(writer, welcome.From);
                GossipFormat.Write(writer, welcome.Gossip);
                break;
            case InitJoin:
                break;
            case InitJoinAck ack:
                writer.Text(ack.From.ToString());
                break;
            case InitJoinNack nack:
                writer.Text(nack.From.ToString());
                break;
            case ExitingConfirmed confirmed:
                GossipFormat.WriteNode(writer, confirmed.Node);
                break;
            case GossipEnvelope envelope:
                GossipFormat.WriteNode(writer, envelope.From);
                GossipFormat.WriteNode(writer, envelope.To);
                GossipFormat.Write(writer, envelope.Gossip);
                break;
            case GossipStatus status:
                GossipFormat.WriteNode(writer, status.From);
                GossipFormat.WriteVersion(writer, status.Version);
                writer.UInt32(status.SeenDigest);
                break;
            case Heartbeat heartbeat:
                writer.Text(heartbeat.From.ToString()).VarInt(heartbeat.Sequence);
                break;
            case HeartbeatRsp rsp:
                GossipFormat.WriteNode(writer, rsp.From);
                writer.VarInt(rsp.Sequence);
                break;
            default:
                throw new ArgumentException($"{obj.GetType()} is not for {nameof(ClusterMessageSerializer)}.", nameof(obj));
        }

        return writer.ToArray();
    }

    public override object FromBinary(byte[] bytes, string manifest)
    {
        var reader = new WireReader(bytes);
        switch (manifest)
        {
            case JoinManifest:
                return ReadJoin(ref reader);
            case WelcomeManifest:
                var welcomedBy = GossipFormat.ReadNode(ref reader);
                return new Welcome(welcomedBy, GossipFormat.Read(ref reader));
            case InitJoinManifest:
                return InitJoin.Instance;
            case InitJoinAckManifest:
                return new InitJoinAck(GossipFormat.ReadAddress(ref reader));
            case InitJoinNackManifest:
                return new InitJoinNack(GossipFormat.ReadAddress(ref reader));
            case ExitingConfirmedManifest:
                return new ExitingConfirmed(GossipFormat.ReadNode(ref reader));
            case GossipEnvelopeManifest:
                var from = GossipFormat.ReadNode(ref reader);
                var to = GossipFormat.ReadNode(ref reader);
                return new GossipEnvelope(from, to, GossipFormat.Read(ref reader));
            case GossipStatusManifest:
                var holder = GossipFormat.ReadNode(ref reader);
                var version = GossipFormat.ReadVersion(ref reader);
                return new GossipStatus(holder, version, reader.UInt32());
            case HeartbeatManifest:
                var asker = GossipFormat.ReadAddress(ref reader);
                return new Heartbeat(asker, reader.VarInt());
            case HeartbeatRspManifest:
                var answerer = GossipFormat.ReadNode(ref reader);
                return new HeartbeatRsp(answerer, reader.VarInt());
            default:
                throw new WireFormatException($"{nameof(ClusterMessageSerializer)} knows no manifest [{manifest}].");
        }
    }

    private static Join ReadJoin(ref WireReader reader)
    {
        var node = GossipFormat.ReadNode(ref reader);
        var roles = ImmutableHashSet.CreateBuilder<string>();
        for (var left = GossipFormat.ReadCount(ref reader); left > 0; left--) roles.Add(reader.Text());
        return new Join(node, roles.ToImmutable(), GossipFormat.ReadAppVersion(ref reader));
    }
}
