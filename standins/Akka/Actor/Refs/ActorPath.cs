using System.Globalization;
using Akka.Util;

namespace Akka.Actor;

/// <summary>
/// The place of an actor in the tree of its system. The uid tells apart the incarnations that lived at one place;
/// equality of paths ignores it, equality of references does not.
/// </summary>
public abstract class ActorPath : IEquatable<ActorPath>, IComparable<ActorPath>, ISurrogated
{
    private const string ValidSymbols = "\"-_.*$+:@&=,!~';()";

    public abstract ActorPath Parent { get; }

    public abstract string Name { get; }

    /// <summary>Which incarnation is meant; 0 when any.</summary>
    public abstract long Uid { get; }

    public abstract int Depth { get; }

    public abstract ActorPath Root { get; }

    public abstract Address Address { get; }

    /// <summary>The names from the root down, without the root itself.</summary>
    public IReadOnlyList<string> Elements
    {
        get
        {
            var elements = new string[Depth];
            var path = this;
            for (var i = elements.Length - 1; i >= 0; i--, path = path.Parent) elements[i] = path.Name;
            return elements;
        }
    }

    public static bool operator ==(ActorPath left, ActorPath right) => Equals(left, right);

    public static bool operator !=(ActorPath left, ActorPath right) => !Equals(left, right);

    public static ActorPath operator /(ActorPath path, string name)
    {
        var (childName, uid) = SplitNameAndUid(name);
        return new ChildActorPath(path, childName, uid);
    }

    public static ActorPath operator /(ActorPath path, IEnumerable<string> names) =>
        names.Aggregate(path, (parent, name) => string.IsNullOrEmpty(name) ? parent : parent / name);

    /// <summary>True if a user may give an actor this name (ASCII letters, digits and <c>-_.*$+:@&amp;=,!~';()</c>, not starting with $).</summary>
    public static bool IsValidPathElement(string s)
    {
        if (string.IsNullOrEmpty(s) || s[0] == '$') return false;
        for (var i = 0; i < s.Length; i++)
        {
            if (char.IsAsciiLetterOrDigit(s[i]) || ValidSymbols.Contains(s[i])) continue;
            if (s[i] != '%' || i + 2 >= s.Length || !char.IsAsciiHexDigit(s[i + 1]) || !char.IsAsciiHexDigit(s[i + 2])) return false;
            i += 2;
        }

        return true;
    }

    /// <exception cref="UriFormatException">The text is not an absolute actor path.</exception>
    public static ActorPath Parse(string path) => TryParse(path, out var parsed)
        ? parsed
        : throw new UriFormatException($"'{path}' is not an actor path such as akka://system/user/name.");

    public static bool TryParse(string path, out ActorPath actorPath)
    {
        actorPath = null;
        if (!Address.TryParse(path, out var address, out var rest)) return false;
        actorPath = TryParseElements(new RootActorPath(address), rest);
        return actorPath is not null;
    }

    public static bool TryParse(ActorPath basePath, string absoluteUri, out ActorPath actorPath)
    {
        actorPath = TryParseElements(basePath, absoluteUri);
        return actorPath is not null;
    }

    public static bool TryParseAddress(string path, out Address address) => Address.TryParse(path, out address, out _);

    public ActorPath Child(string childName) => this / childName;

    public abstract ActorPath WithUid(long uid);

    public string ToStringWithoutAddress() => Depth == 0 ? "/" : "/" + string.Join('/', Elements);

    public string ToStringWithAddress() => ToStringWithAddress(Address);

    /// <summary>The path at <paramref name="address"/>, unless the path's own address already reaches across processes.</summary>
    public string ToStringWithAddress(Address address) => (Address.HasGlobalScope ? Address : address) + ToStringWithoutAddress();

    public string ToStringWithUid() => Uid == 0 ? ToString() : string.Create(CultureInfo.InvariantCulture, $"{ToString()}#{Uid}");

    /// <summary>The full form, uid included, that another process can resolve.</summary>
    public string ToSerializationFormat() => ToStringWithUid();

    public string ToSerializationFormatWithAddress(Address address) => Uid == 0
        ? ToStringWithAddress(address)
        : string.Create(CultureInfo.InvariantCulture, $"{ToStringWithAddress(address)}#{Uid}");

    public bool Equals(ActorPath other)
    {
        if (other is null) return false;
        if (ReferenceEquals(this, other)) return true;
        if (Depth != other.Depth) return false;
        ActorPath left = this, right = other;
        for (; left.Depth > 0; left = left.Parent, right = right.Parent)
        {
            if (ReferenceEquals(left, right)) return true;
            if (left.Name != right.Name) return false;
        }

        return left.Address.Equals(right.Address);
    }

    public override bool Equals(object obj) => Equals(obj as ActorPath);

    public override int GetHashCode()
    {
        var hash = 17;
        for (var path = this; path.Depth > 0; path = path.Parent) hash = (hash * 31) + path.Name.GetHashCode();
        return (hash * 31) + Address.GetHashCode();
    }

    public int CompareTo(ActorPath other)
    {
        if (other is null) return 1;
        var byAddress = Address.CompareTo(other.Address);
        return byAddress != 0 ? byAddress : string.CompareOrdinal(ToStringWithoutAddress(), other.ToStringWithoutAddress());
    }

    public override string ToString() => ToStringWithAddress();

    public ISurrogate ToSurrogate(ActorSystem system) => new Surrogate(ToSerializationFormat());

    internal static (string Name, long Uid) SplitNameAndUid(string element)
    {
        var hash = element.IndexOf('#');
        return hash < 0 ? (element, 0) : (element[..hash], long.Parse(element.AsSpan(hash + 1), CultureInfo.InvariantCulture));
    }

    private static ActorPath TryParseElements(ActorPath path, ReadOnlySpan<char> text)
    {
        long uid = 0;
        var hash = text.IndexOf('#');
        if (hash >= 0)
        {
            if (!long.TryParse(text[(hash + 1)..], NumberStyles.Integer, CultureInfo.InvariantCulture, out uid)) return null;
            text = text[..hash];
        }

        foreach (var range in text.Split('/'))
        {
            var element = text[range];
            if (!element.IsEmpty) path = new ChildActorPath(path, element.ToString(), 0);
        }

        return uid == 0 ? path : path.WithUid(uid);
    }

    public sealed class Surrogate(string path) : ISurrogate, IEquatable<Surrogate>
    {
        public string Path { get; } = path;

        public ISurrogated FromSurrogate(ActorSystem system) => Parse(Path);

        public bool Equals(Surrogate other) => other is not null && Path == other.Path;

        public override bool Equals(object obj) => Equals(obj as Surrogate);

        public override int GetHashCode() => Path.GetHashCode();
    }
}

/// <summary>The top of a system's tree.</summary>
public sealed class RootActorPath : ActorPath
{
    public RootActorPath(Address address, string name = "")
    {
        Address = address;
        Name = name;
    }

    public override ActorPath Parent => null;

    public override string Name { get; }

    public override long Uid => 0;

    public override int Depth => 0;

    public override ActorPath Root => this;

    public override Address Address { get; }

    public override ActorPath WithUid(long uid) => uid == 0
        ? this
        : throw new NotSupportedException("A root path has no uid.");
}

/// <summary>A place below another.</summary>
public sealed class ChildActorPath : ActorPath
{
    private readonly int _depth;

    public ChildActorPath(ActorPath parentPath, string name, long uid)
    {
        Parent = parentPath;
        Name = name;
        Uid = uid;
        _depth = parentPath.Depth + 1;
    }

    public override ActorPath Parent { get; }

    public override string Name { get; }

    public override long Uid { get; }

    public override int Depth => _depth;

    public override ActorPath Root
    {
        get
        {
            var path = Parent;
            while (path.Depth > 0) path = path.Parent;
            return path;
        }
    }

    public override Address Address => Root.Address;

    public override ActorPath WithUid(long uid) => uid == Uid ? this : new ChildActorPath(Parent, Name, uid);
}
