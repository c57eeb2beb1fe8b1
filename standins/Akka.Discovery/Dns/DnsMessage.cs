using System.Buffers.Binary;
using System.Text;

namespace Akka.Discovery.Dns;

/// <summary>DNS messages (RFC 1035), as far as SRV queries (RFC 2782) need them.</summary>
/// <param name="IsTruncated">Whether the answer did not fit; TCP takes it whole.</param>
/// <param name="Records">The SRV records among the answers.</param>
internal sealed record DnsMessage(bool IsTruncated, IReadOnlyList<SrvRecord> Records)
{
    private const int HeaderBytes = 12;
    private const int MaxNameBytes = 255;
    private const int MaxLabelBytes = 63;
    private const ushort TypeSrv = 33;
    private const ushort ClassInternet = 1;
    private const int NameDoesNotExist = 3;

    /// <exception cref="DnsException">The name cannot be written.</exception>
    public static byte[] Query(ushort id, string name)
    {
        var message = new byte[HeaderBytes + MaxNameBytes + 1 + 4];
        BinaryPrimitives.WriteUInt16BigEndian(message, id);
        BinaryPrimitives.WriteUInt16BigEndian(message.AsSpan(2), 0x0100);   // A standard query; recursion desired.
        BinaryPrimitives.WriteUInt16BigEndian(message.AsSpan(4), 1);        // One question.
        var at = HeaderBytes;
        foreach (var label in name.TrimEnd('.').Split('.'))
        {
            if (label.Length is 0 or > MaxLabelBytes || at + label.Length + 2 > HeaderBytes + MaxNameBytes || !Ascii.IsValid(label))
                throw new DnsException($"'{name}' is no name that DNS can look up.");
            message[at++] = (byte)label.Length;
            at += Encoding.ASCII.GetBytes(label, message.AsSpan(at));
        }

        at++;   // The root's empty label.
        BinaryPrimitives.WriteUInt16BigEndian(message.AsSpan(at), TypeSrv);
        BinaryPrimitives.WriteUInt16BigEndian(message.AsSpan(at + 2), ClassInternet);
        return message[..(at + 4)];
    }

    /// <exception cref="DnsException">It is an error, no answer to this query, or cannot be read.</exception>
    public static DnsMessage Read(ReadOnlySpan<byte> message, ushort id, string name)
    {
        if (message.Length < HeaderBytes) throw Malformed(name);
        var flags = BinaryPrimitives.ReadUInt16BigEndian(message[2..]);
        if (BinaryPrimitives.ReadUInt16BigEndian(message) != id || (flags & 0x8000) == 0) throw new DnsException($"The answer for {name} is to another query.");
        var code = flags & 0xF;
        if (code == NameDoesNotExist) return new DnsMessage(false, []);
        if (code != 0) throw new DnsException($"The name server answered for {name} with error code {code}.");

        var at = HeaderBytes;
        for (var i = BinaryPrimitives.ReadUInt16BigEndian(message[4..]); i > 0; i--)
        {
            ReadName(message, ref at, name);
            at += 4;
        }

        var records = new List<SrvRecord>();
        var isTruncated = (flags & 0x0200) != 0;
        for (var i = BinaryPrimitives.ReadUInt16BigEndian(message[6..]); i > 0 && !isTruncated; i--)
        {
            if (ReadRecord(message, ref at, name) is { } record) records.Add(record);
        }

        return new DnsMessage(isTruncated, records);
    }

    /// <summary>Null for a record of another type.</summary>
    private static SrvRecord? ReadRecord(ReadOnlySpan<byte> message, ref int at, string name)
    {
        ReadName(message, ref at, name);
        var type = ReadUInt16(message, at, name);
        var length = ReadUInt16(message, at + 8, name);   // After type, class and time to live.
        var data = at + 10;
        at = data + length;
        if (at > message.Length) throw Malformed(name);
        if (type != TypeSrv) return null;
        var targetAt = data + 6;
        var target = ReadName(message, ref targetAt, name);
        return new SrvRecord(ReadUInt16(message, data, name), ReadUInt16(message, data + 2, name), ReadUInt16(message, data + 4, name), target);
    }

    /// <summary>Follows compression pointers, which must lead backwards; a circle of labels ends at the longest name.</summary>
    private static string ReadName(ReadOnlySpan<byte> message, ref int at, string name)
    {
        var text = new StringBuilder();
        var position = at;
        var jumped = false;
        while (true)
        {
            if (position >= message.Length) throw Malformed(name);
            int length = message[position];
            if (length == 0) break;
            if ((length & 0xC0) == 0xC0)
            {
                var pointer = ReadUInt16(message, position, name) & 0x3FFF;
                if (pointer >= position) throw Malformed(name);
                if (!jumped) at = position + 2;
                jumped = true;
                position = pointer;
                continue;
            }

            if (length > MaxLabelBytes || position + 1 + length > message.Length || text.Length + length > MaxNameBytes) throw Malformed(name);
            if (text.Length > 0) text.Append('.');
            text.Append(Encoding.ASCII.GetString(message.Slice(position + 1, length)));
            position += 1 + length;
        }

        if (!jumped) at = position + 1;
        return text.ToString();
    }

    private static ushort ReadUInt16(ReadOnlySpan<byte> message, int at, string name) =>
        at >= 0 && at + 2 <= message.Length ? BinaryPrimitives.ReadUInt16BigEndian(message[at..]) : throw Malformed(name);

    private static DnsException Malformed(string name) => new($"The answer for {name} is no well-formed DNS message.");
}
