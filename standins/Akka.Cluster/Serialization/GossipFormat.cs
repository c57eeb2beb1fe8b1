using System.Collections.Immutable;
using Akka.Actor;
using Akka.Remote.Wire;
using Akka.Util;

namespace Akka.Cluster.Serialization;

/// <summary>
/// A gossip as bytes: first the tables of nodes, roles and versions, then everything else by their indexes. Lists are counted,
/// members have their length before them, and new fields are appended, so that an older reader passes over them.
/// </summary>
internal static class GossipFormat
{
    public static void Write(WireWriter writer, Gossip gossip)
    {
        var nodes = new IndexTable<UniqueAddress>();
        var roles = new IndexTable<string>();
        var versions = new IndexTable<string>();
        var body = new WireWriter(256);
        WriteMembers(body, gossip, nodes, roles, versions);
        WriteCounted(body, gossip.Tombstones, each => body.VarUInt(nodes.IndexOf(each.Key)).VarInt(each.Value));
        WriteCounted(body, gossip.SeenBy, each => body.VarUInt(nodes.IndexOf(each)));
        WriteVersion(body, gossip.Version, nodes);
        WriteCounted(body, gossip.Reachability.Rows, row =>
        {
            body.VarUInt(nodes.IndexOf(row.Key)).VarInt(row.Value.Version);
            WriteCounted(body, row.Value.Subjects, each => body.VarUInt(nodes.IndexOf(each.Key)).Byte((byte)each.Value));
        });
        WriteCounted(writer, nodes.Items, node => WriteNode(writer, node));
        WriteCounted(writer, roles.Items, role => writer.Text(role));
        WriteCounted(writer, versions.Items, version => writer.Text(version));
        writer.Bytes(body.Written);
    }

    public static Gossip Read(ref WireReader reader)
    {
        var nodes = new UniqueAddress[ReadCount(ref reader)];
        for (var i = 0; i < nodes.Length; i++) nodes[i] = ReadNode(ref reader);
        var roles = new string[ReadCount(ref reader)];
        for (var i = 0; i < roles.Length; i++) roles[i] = reader.Text();
        var versions = new AppVersion[ReadCount(ref reader)];
        for (var i = 0; i < versions.Length; i++) versions[i] = ReadAppVersion(ref reader);
        var body = new WireReader(reader.Bytes());
        return new Gossip
        {
            Members = ReadMembers(ref body, nodes, roles, versions),
            Tombstones = ReadTombstones(ref body, nodes),
            SeenBy = ReadSeen(ref body, nodes),
            Version = ReadVersion(ref body, nodes),
            Reachability = ReadReachability(ref body, nodes),
        };
    }

    public static void WriteVersion(WireWriter writer, VectorClock version)
    {
        WriteCounted(writer, version.Versions, each =>
        {
            WriteNode(writer, each.Key);
            writer.VarInt(each.Value);
        });
    }

    public static VectorClock ReadVersion(ref WireReader reader)
    {
        var versions = ImmutableSortedDictionary.CreateBuilder<UniqueAddress, long>();
        for (var left = ReadCount(ref reader); left > 0; left--)
        {
            var node = ReadNode(ref reader);
            versions[node] = reader.VarInt();
        }

        return new VectorClock(versions.ToImmutable());
    }

    public static void WriteNode(WireWriter writer, UniqueAddress node) => writer.Text(node.Address.ToString()).VarInt(node.Uid);

    public static UniqueAddress ReadNode(ref WireReader reader)
    {
        var address = ReadAddress(ref reader);
        return new UniqueAddress(address, reader.Int32());
    }

    public static Address ReadAddress(ref WireReader reader)
    {
        var text = reader.Text();
        return Address.TryParse(text, out var address) ? address : throw new WireFormatException($"'{text}' is no address.");
    }

    public static AppVersion ReadAppVersion(ref WireReader reader)
    {
        var text = reader.Text();
        try
        {
            return AppVersion.Create(text);
        }
        catch (ArgumentException e)
        {
            throw new WireFormatException($"'{text}' is no version: {e.Message}");
        }
    }

    public static void WriteCounted<T>(WireWriter writer, IReadOnlyCollection<T> items, Action<T> write)
    {
        writer.VarUInt((ulong)items.Count);
        foreach (var item in items) write(item);
    }

    /// <exception cref="WireFormatException">It is more than any cluster has.</exception>
    public static int ReadCount(ref WireReader reader)
    {
        var count = reader.VarUInt();
        return count <= 1_000_000 ? (int)count : throw new WireFormatException($"A list of {count} items is longer than any that is sent.");
    }

    private static void WriteMembers(
        WireWriter body, Gossip gossip, IndexTable<UniqueAddress> nodes, IndexTable<string> roles, IndexTable<string> versions)
    {
        var one = new WireWriter();
        WriteCounted(body, gossip.Members, entry =>
        {
            var member = entry.Value;
            one.Clear();
            one.VarUInt(nodes.IndexOf(member.UniqueAddress)).Byte((byte)member.Status).VarInt(member.UpNumber);
            WriteCounted(one, member.Roles, role => one.VarUInt(roles.IndexOf(role)));
            one.VarUInt(versions.IndexOf(member.AppVersion.Version));
            body.Bytes(one.Written);
        });
    }

    private static ImmutableSortedDictionary<UniqueAddress, Member> ReadMembers(ref WireReader body, UniqueAddress[] nodes, string[] roles, AppVersion[] versions)
    {
        var members = Gossip.NoMembers.ToBuilder();
        for (var left = ReadCount(ref body); left > 0; left--)
        {
            var one = new WireReader(body.Bytes());
            var node = At(nodes, ref one);
            var status = (MemberStatus)one.Byte();
            if (!Enum.IsDefined(status)) throw new WireFormatException($"{(int)status} is no status of a member.");
            var upNumber = one.Int32();
            var hasRoles = ImmutableHashSet.CreateBuilder<string>();
            for (var i = ReadCount(ref one); i > 0; i--) hasRoles.Add(At(roles, ref one));
            members[node] = Member.Create(node, upNumber, status, hasRoles.ToImmutable(), At(versions, ref one));
        }

        return members.ToImmutable();
    }

    private static ImmutableSortedDictionary<UniqueAddress, long> ReadTombstones(ref WireReader body, UniqueAddress[] nodes)
    {
        var tombstones = ImmutableSortedDictionary.CreateBuilder<UniqueAddress, long>();
        for (var left = ReadCount(ref body); left > 0; left--)
        {
            var node = At(nodes, ref body);
            tombstones[node] = body.VarInt();
        }

        return tombstones.ToImmutable();
    }

    private static ImmutableHashSet<UniqueAddress> ReadSeen(ref WireReader body, UniqueAddress[] nodes)
    {
        var seen = ImmutableHashSet.CreateBuilder<UniqueAddress>();
        for (var left = ReadCount(ref body); left > 0; left--) seen.Add(At(nodes, ref body));
        return seen.ToImmutable();
    }

    private static void WriteVersion(WireWriter body, VectorClock version, IndexTable<UniqueAddress> nodes) =>
        WriteCounted(body, version.Versions, each => body.VarUInt(nodes.IndexOf(each.Key)).VarInt(each.Value));

    private static VectorClock ReadVersion(ref WireReader body, UniqueAddress[] nodes)
    {
        var versions = ImmutableSortedDictionary.CreateBuilder<UniqueAddress, long>();
        for (var left = ReadCount(ref body); left > 0; left--)
        {
            var node = At(nodes, ref body);
            versions[node] = body.VarInt();
        }

        return new VectorClock(versions.ToImmutable());
    }

    private static Reachability ReadReachability(ref WireReader body, UniqueAddress[] nodes)
    {
        var rows = ImmutableSortedDictionary.CreateBuilder<UniqueAddress, Reachability.Row>();
        for (var left = ReadCount(ref body); left > 0; left--)
        {
            var observer = At(nodes, ref body);
            var version = body.VarInt();
            var subjects = ImmutableSortedDictionary.CreateBuilder<UniqueAddress, Reachability.Opinion>();
            for (var i = ReadCount(ref body); i > 0; i--)
            {
                var subject = At(nodes, ref body);
                subjects[subject] = body.Byte() switch
                {
                    1 => Reachability.Opinion.Unreachable,
                    2 => Reachability.Opinion.Terminated,
                    var other => throw new WireFormatException($"{other} is no opinion about a node."),
                };
            }

            rows[observer] = new Reachability.Row(version, subjects.ToImmutable());
        }

        return new Reachability(rows.ToImmutable());
    }

    private static T At<T>(T[] table, ref WireReader reader)
    {
        var index = reader.VarUInt();
        return index < (ulong)table.Length ? table[index] : throw new WireFormatException($"Entry {index} of a table of {table.Length} is asked for.");
    }

    private sealed class IndexTable<T>
    {
        private readonly Dictionary<T, ulong> _indexes = [];
        private readonly List<T> _items = [];

        public IReadOnlyCollection<T> Items => _items;

        public ulong IndexOf(T item)
        {
            if (_indexes.TryGetValue(item, out var index)) return index;
            _indexes[item] = index = (ulong)_items.Count;
            _items.Add(item);
            return index;
        }
    }
}
