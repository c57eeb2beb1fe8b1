using Akka.Actor;

namespace Akka.Cluster;

/// <summary>One incarnation of the system at an address.</summary>
/// <param name="address">Where it is reached.</param>
/// <param name="uid">Drawn anew whenever a system starts.</param>
public class UniqueAddress(Address address, int uid) : IComparable<UniqueAddress>, IEquatable<UniqueAddress>, IComparable
{
    public Address Address { get; } = address;

    public int Uid { get; } = uid;

    public static bool operator ==(UniqueAddress left, UniqueAddress right) => Equals(left, right);

    public static bool operator !=(UniqueAddress left, UniqueAddress right) => !Equals(left, right);

    public int CompareTo(UniqueAddress other) => CompareTo(other, Member.AddressOrdering);

    int IComparable.CompareTo(object obj) => obj is null or UniqueAddress
        ? CompareTo((UniqueAddress)obj)
        : throw new ArgumentException($"A unique address cannot be compared with {obj.GetType()}.", nameof(obj));

    public bool Equals(UniqueAddress other) => other is not null && Uid == other.Uid && Address.Equals(other.Address);

    public override bool Equals(object obj) => Equals(obj as UniqueAddress);

    public override int GetHashCode() => Uid;

    public override string ToString() => $"UniqueAddress: ({Address}, {Uid})";

    internal int CompareTo(UniqueAddress other, IComparer<Address> addresses)
    {
        if (other is null) return 1;
        var result = addresses.Compare(Address, other.Address);
        return result == 0 ? Uid.CompareTo(other.Uid) : result;
    }
}
