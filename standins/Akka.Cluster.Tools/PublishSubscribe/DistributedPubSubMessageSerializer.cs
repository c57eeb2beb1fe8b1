using System.Collections.Immutable;
using Akka.Actor;
using Akka.Cluster.Serialization;
using Akka.Remote.Serialization;
using Akka.Remote.Wire;
using Akka.Serialization;

namespace Akka.Cluster.Tools.PublishSubscribe;

/// <summary>The mediators' messages. A message only ever gains fields, at its end.</summary>
public sealed class DistributedPubSubMessageSerializer(ExtendedActorSystem system) : SerializerWithStringManifest(system)
{
    private const string StatusManifest = "A";
    private const string DeltaManifest = "B";
    private const string RelayManifest = "C";

    public override int Identifier => 9;

    public override string Manifest(object o) => o switch
    {
        Status => StatusManifest,
        Delta => DeltaManifest,
        Relay => RelayManifest,
        _ => throw new ArgumentException($"{o.GetType()} is not for {nameof(DistributedPubSubMessageSerializer)}.", nameof(o)),
    };

    public override byte[] ToBinary(object obj)
    {
        var writer = new WireWriter();
        switch (obj)
        {
            case Status status:
                writer.Bool(status.IsReply);
                GossipFormat.WriteCounted(writer, status.Versions, each =>
                {
                    GossipFormat.WriteNode(writer, each.Key);
                    writer.VarInt(each.Value);
                });
                break;
            case Delta delta:
                GossipFormat.WriteCounted(writer, delta.Parts, part =>
                {
                    GossipFormat.WriteNode(writer, part.Owner);
                    writer.VarInt(part.Since).VarInt(part.UpTo);
                    GossipFormat.WriteCounted(writer, part.Entries, entry => writer.Text(entry.Key).VarInt(entry.Version).Bool(entry.IsPresent));
                });
                break;
            case Relay relay:
                writer.Text(relay.Key).Bool(relay.ToOne).Payload(system.Serialization, relay.Message);
                break;
            default:
                throw new ArgumentException($"{obj.GetType()} is not for {nameof(DistributedPubSubMessageSerializer)}.", nameof(obj));
        }

        return writer.ToArray();
    }

    public override object FromBinary(byte[] bytes, string manifest)
    {
        var reader = new WireReader(bytes);
        switch (manifest)
        {
            case StatusManifest:
                return ReadStatus(ref reader);
            case DeltaManifest:
                return ReadDelta(ref reader);
            case RelayManifest:
                var key = ReadKey(ref reader);
                var toOne = reader.Bool();
                return new Relay(key, toOne, reader.Payload(system.Serialization));
            default:
                throw new WireFormatException($"{nameof(DistributedPubSubMessageSerializer)} knows no manifest [{manifest}].");
        }
    }

    private static Status ReadStatus(ref WireReader reader)
    {
        var isReply = reader.Bool();
        var versions = ImmutableDictionary.CreateBuilder<UniqueAddress, long>();
        for (var left = GossipFormat.ReadCount(ref reader); left > 0; left--)
        {
            var node = GossipFormat.ReadNode(ref reader);
            versions[node] = reader.VarInt();
        }

        return new Status(versions.ToImmutable(), isReply);
    }

    private static Delta ReadDelta(ref WireReader reader)
    {
        var parts = ImmutableList.CreateBuilder<Delta.Part>();
        for (var left = GossipFormat.ReadCount(ref reader); left > 0; left--)
        {
            var owner = GossipFormat.ReadNode(ref reader);
            var since = reader.VarInt();
            var upTo = reader.VarInt();
            var entries = ImmutableList.CreateBuilder<RegistryEntry>();
            for (var i = GossipFormat.ReadCount(ref reader); i > 0; i--)
            {
                var key = ReadKey(ref reader);
                var version = reader.VarInt();
                entries.Add(new RegistryEntry(key, version, reader.Bool()));
            }

            parts.Add(new Delta.Part(owner, since, upTo, entries.ToImmutable()));
        }

        return new Delta(parts.ToImmutable());
    }

    private static string ReadKey(ref WireReader reader)
    {
        var key = reader.Text();
        return key.Length > 0 && key[0] is 'P' or 'T' || key.Length > 0 && key[0] == 'G' && key.Contains('\n', StringComparison.Ordinal)
            ? key
            : throw new WireFormatException($"'{key}' is no key of a path or topic.");
    }
}
