using System.Buffers;
using System.Buffers.Binary;
using System.Globalization;
using System.Runtime.Serialization;
using ActorInference.Actors.Ids;
using ActorInference.Actors.Protocols;

namespace ActorInference.Actors.Serialization;

/// <summary>Ids as they are written. Every message of a generation names its attempt, so that one is short.</summary>
internal static class IdForms
{
    private const int HalfDigits = 16;

    private static readonly SearchValues<char> LowerHexDigits = SearchValues.Create("0123456789abcdef");

    public static Wire.Attempt Write(AttemptId attempt)
    {
        var wire = new Wire.Attempt { Number = attempt.Number };
        var request = Text(attempt.Request.Value, "attempt.request");
        if (!TryReadHex(request, out var high, out var low)) wire.Request = request;
        else (wire.RequestHigh, wire.RequestLow) = (high, low);
        return wire;
    }

    /// <exception cref="SerializationException">There is none.</exception>
    public static AttemptId Read(Wire.Attempt? attempt)
    {
        var wire = Fields.Required(attempt, "attempt");
        var isHex = (wire.RequestHigh | wire.RequestLow) != 0;
        return new AttemptId(new RequestId(isHex ? Hex(wire.RequestHigh, wire.RequestLow) : wire.Request), wire.Number);
    }

    public static string Write(WorkerId worker) => Text(worker.Value, "worker");

    /// <summary>Of one that serves both: what an earlier version, which knows no such role, may take it for.</summary>
    public static Wire.Role Write(WorkerRole role) => role switch
    {
        WorkerRole.Prefill => Wire.Role.Prefill,
        WorkerRole.Decode or WorkerRole.Both => Wire.Role.Decode,
        _ => throw new SerializationException($"role is {role}, which has no form."),
    };

    /// <exception cref="SerializationException">This version knows no such role.</exception>
    public static WorkerRole Read(Wire.Role role, bool servesBoth) => role switch
    {
        _ when servesBoth => WorkerRole.Both,
        Wire.Role.Prefill => WorkerRole.Prefill,
        Wire.Role.Decode => WorkerRole.Decode,
        _ => throw new SerializationException($"role is {(int)role}; it must be 1 (prefill) or 2 (decode)."),
    };

    public static Wire.Uuid Write(Guid guid)
    {
        Span<byte> bytes = stackalloc byte[16];
        guid.TryWriteBytes(bytes, bigEndian: true, out _);
        return new Wire.Uuid
        {
            High = BinaryPrimitives.ReadUInt64BigEndian(bytes),
            Low = BinaryPrimitives.ReadUInt64BigEndian(bytes[8..]),
        };
    }

    public static Guid Read(Wire.Uuid uuid)
    {
        Span<byte> bytes = stackalloc byte[16];
        BinaryPrimitives.WriteUInt64BigEndian(bytes, uuid.High);
        BinaryPrimitives.WriteUInt64BigEndian(bytes[8..], uuid.Low);
        return new Guid(bytes, bigEndian: true);
    }

    // The default of an id's struct holds no text.
    private static string Text(string? value, string field) => Fields.Required(value, field);

    private static bool TryReadHex(string text, out ulong high, out ulong low)
    {
        (high, low) = (0, 0);
        if (text.Length != 2 * HalfDigits || text.AsSpan().ContainsAnyExcept(LowerHexDigits)) return false;
        high = ulong.Parse(text.AsSpan(0, HalfDigits), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
        low = ulong.Parse(text.AsSpan(HalfDigits), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
        return (high | low) != 0;
    }

    private static string Hex(ulong high, ulong low) => string.Create(2 * HalfDigits, (high, low), static (text, halves) =>
    {
        halves.high.TryFormat(text, out _, "x16", CultureInfo.InvariantCulture);
        halves.low.TryFormat(text[HalfDigits..], out _, "x16", CultureInfo.InvariantCulture);
    });
}
