namespace ActorInference.Actors.Kv;

/// <summary>Element type of keys and values in a page. The number is part of the wire format.</summary>
public enum KvDtype : byte
{
    F32 = 0,
    F16 = 1,
    BF16 = 2,
}

public static class KvDtypeSizes
{
    /// <summary>Bytes of one element.</summary>
    public static int SizeBytes(this KvDtype dtype) => dtype switch
    {
        KvDtype.F32 => 4,
        KvDtype.F16 or KvDtype.BF16 => 2,
        _ => throw new ArgumentOutOfRangeException(nameof(dtype), dtype, "Unknown KV dtype."),
    };
}
