using System.Collections.Immutable;
using System.Runtime.Serialization;
using ActorInference.Actors.Ids;
using ActorInference.Actors.Kv;
using Google.Protobuf.Collections;
using static ActorInference.Actors.Protocols.CacheShardProtocol;

namespace ActorInference.Actors.Serialization;

/// <summary>What the messages of the cache are made of.</summary>
internal static class CacheParts
{
    public static Wire.PageKey Write(KvPageKey key) => new() { High = key.High, Low = key.Low };

    public static KvPageKey Read(Wire.PageKey? wire, string field)
    {
        var key = Fields.Required(wire, field);
        return new KvPageKey(key.High, key.Low);
    }

    public static Wire.TenantKey Write(TenantKey key) => new() { Tenant = Fields.Required(key.Tenant, "tenant"), Key = Write(key.Key) };

    public static TenantKey Read(Wire.TenantKey? wire)
    {
        var key = Fields.Required(wire, "page");
        return new TenantKey(key.Tenant, Read(key.Key, "page.key"));
    }

    public static Wire.NewPage Write(NewPage page) => new()
    {
        Key = Write(page.Key), Previous = Write(page.Previous), Depth = page.Depth, SizeBytes = page.SizeBytes,
    };

    public static NewPage Read(Wire.NewPage? wire)
    {
        var page = Fields.Required(wire, "page");
        return new NewPage(Read(page.Key, "page.key"), Read(page.Previous, "page.previous"), page.Depth, page.SizeBytes);
    }

    public static Wire.Replica Write(Replica replica) => new()
    {
        Store = Write(replica.Store), Epoch = IdForms.Write(replica.Epoch), Slot = replica.Slot, Generation = replica.Generation, Offset = replica.Offset,
    };

    public static Replica Read(Wire.Replica? wire)
    {
        var replica = Fields.Required(wire, "replica");
        return new Replica(new StoreId(replica.Store), Uuid(replica.Epoch, "replica.epoch"), replica.Slot, replica.Generation, replica.Offset);
    }

    public static Wire.MaybeReplica Write(Replica? replica) => new() { Replica = replica is { } there ? Write(there) : null };

    public static Replica? Read(Wire.MaybeReplica wire) => wire.Replica is { } there ? Read(there) : null;

    public static string Write(StoreId store) => Fields.Required(store.Value, "store");

    public static Guid Uuid(Wire.Uuid? uuid, string field) => IdForms.Read(Fields.Required(uuid, field));

    public static Wire.PutPolicy Write(PutPolicy policy)
    {
        var wire = new Wire.PutPolicy
        {
            Replicas = policy.Replicas, Pin = (int)policy.Pin, PinMs = policy.PinMs, HardPin = policy.HardPin, Group = policy.Group,
        };
        Many(wire.Preferred, policy.Preferred, Write);
        return wire;
    }

    public static PutPolicy Read(Wire.PutPolicy? wire)
    {
        var policy = Fields.Required(wire, "policy");
        return new PutPolicy(
            policy.Replicas, Known<PinAction>(policy.Pin, "policy.pin"), policy.PinMs, policy.HardPin, policy.Group, Many(policy.Preferred, static store => new StoreId(store)));
    }

    /// <exception cref="SerializationException">This version knows no such value.</exception>
    public static T Known<T>(int number, string field)
        where T : struct, Enum
    {
        var value = (T)Enum.ToObject(typeof(T), number);
        return Enum.IsDefined(value) ? value : throw new SerializationException($"{field} is {number}; it must be one of {string.Join(", ", Enum.GetNames<T>())} (from 1).");
    }

    public static void Many<T, TWire>(RepeatedField<TWire> field, ImmutableArray<T> values, Func<T, TWire> write)
    {
        if (values.IsDefaultOrEmpty) return;
        field.Capacity = values.Length;
        foreach (var value in values) field.Add(write(value));
    }

    public static ImmutableArray<T> Many<T, TWire>(RepeatedField<TWire> field, Func<TWire, T> read)
    {
        var values = ImmutableArray.CreateBuilder<T>(field.Count);
        foreach (var wire in field) values.Add(read(wire));
        return values.MoveToImmutable();
    }

    public static void Keys(RepeatedField<Wire.PageKey> field, ImmutableArray<KvPageKey> keys) => Many(field, keys, Write);

    public static ImmutableArray<KvPageKey> Keys(RepeatedField<Wire.PageKey> field) => Many(field, static key => new KvPageKey(key.High, key.Low));
}
