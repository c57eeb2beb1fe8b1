namespace ActorInference.Actors.Kv;

/// <summary>Element type of keys and values in a page. The number is part of the wire format.</summary>
public enum KvDtype : byte
{
    F32 = 0,
    F16 = 1,
    BF16 = 2,

    /// <summary>Every 32 elements of a head: their scale as F16, then a signed byte each. The last block of a head may be shorter.</summary>
    Q8_0 = 3,

    /// <summary>
    /// E4M3 of the OCP's 8-bit floating point: four bits of exponent, three of fraction, no infinities. A plain cast without a scale: larger than 448 becomes 448. On CUDA devices only.
    /// </summary>
    F8 = 4,
}

public static class KvDtypeSizes
{
    /// <summary>Elements that share a scale in <see cref="KvDtype.Q8_0"/>.</summary>
    public const int BlockElements = 32;

    private const int ScaleBytes = 2;

    /// <summary>Bytes of one head's elements of one token.</summary>
    /// <param name="elements">At least 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such type.</exception>
    public static int HeadBytes(this KvDtype dtype, int elements) => dtype switch
    {
        KvDtype.F32 => 4 * elements,
        KvDtype.F16 or KvDtype.BF16 => 2 * elements,
        KvDtype.F8 => elements,
        KvDtype.Q8_0 => elements + ScaleBytes * ((elements + BlockElements - 1) / BlockElements),
        _ => throw new ArgumentOutOfRangeException(nameof(dtype), dtype, "Unknown KV dtype."),
    };
}
