using Akka.Actor;
using Akka.Remote.Wire;

namespace Akka.Remote.Transport;

/// <summary>Why a connection was refused. The numbers are the wire's.</summary>
internal enum RefusalReason : byte
{
    OtherProtocol = 1,
    OtherAddress = 2,
    Quarantined = 3,
    ShuttingDown = 4,
}

/// <summary>The first frame of who dials.</summary>
internal sealed record Hello(Address From, int Uid, Address To)
{
    private const uint Magic = 0x50524941;   // "AIRP", read as little-endian.
    private const byte Version = 1;

    public void Write(WireWriter header) => header.UInt32(Magic).Byte(Version).Text(From.ToString()).VarInt(Uid).Text(To.ToString());

    /// <exception cref="WireFormatException">It is no greeting, or one of another version.</exception>
    public static Hello Read(ReadOnlySpan<byte> header)
    {
        var reader = new WireReader(header);
        if (reader.UInt32() != Magic) throw new WireFormatException("The greeting is not that of this protocol.");
        var version = reader.Byte();
        if (version != Version) throw new WireFormatException($"The peer speaks version {version} of the protocol; this one is {Version}.");
        var hello = new Hello(ReadAddress(ref reader), reader.Int32(), ReadAddress(ref reader));
        reader.End();
        return hello.Uid != 0 && hello.From.HasGlobalScope ? hello : throw new WireFormatException("The peer does not say who it is.");
    }

    private static Address ReadAddress(ref WireReader reader)
    {
        var text = reader.Text();
        return Address.TryParse(text, out var address) ? address : throw new WireFormatException($"'{text}' is no address.");
    }
}

/// <summary>A refusal, as the dialler sees it.</summary>
internal sealed class RefusedException(RefusalReason reason, string message) : EndpointException(message)
{
    public RefusalReason Reason { get; } = reason;
}
