namespace ActorInference.Gpu.Models;

/// <summary>Element type of a weight. The ones with Q are blocks of integers with shared scales, as GGUF files have them.</summary>
public enum WeightDtype : byte
{
    F32,
    F16,
    BF16,

    /// <summary>32 elements: a F16 scale, 32 signed bytes.</summary>
    Q8_0,

    /// <summary>32 elements: a F16 scale, 16 bytes with element i low and i + 16 high; less 8.</summary>
    Q4_0,

    /// <summary>32 elements: a F16 scale, 32 fifth bits, 16 bytes as Q4_0; less 16.</summary>
    Q5_0,

    /// <summary>256 elements: F16 scales of scales and of offsets, 8 pairs of 6-bit scale and offset, 128 bytes of nibbles.</summary>
    Q4_K,

    /// <summary>256 elements: 128 bytes of low nibbles, 64 of upper bits, 16 signed scales, a F16 scale of scales; less 32.</summary>
    Q6_K,
}

public static class WeightDtypes
{
    /// <summary>Whether it is blocks of integers.</summary>
    public static bool IsQuantized(this WeightDtype dtype) => dtype >= WeightDtype.Q8_0;

    /// <summary>Bytes of one element of a type without blocks.</summary>
    public static int SizeBytes(this WeightDtype dtype) => dtype switch
    {
        WeightDtype.F32 => 4,
        WeightDtype.F16 or WeightDtype.BF16 => 2,
        _ => throw new ArgumentOutOfRangeException(nameof(dtype), dtype, "Its elements have no size of their own."),
    };

    /// <summary>Elements that share a scale and are stored together; 1 without blocks.</summary>
    public static int BlockElements(this WeightDtype dtype) => dtype switch
    {
        WeightDtype.Q8_0 or WeightDtype.Q4_0 or WeightDtype.Q5_0 => 32,
        WeightDtype.Q4_K or WeightDtype.Q6_K => 256,
        _ => 1,
    };

    /// <summary>Bytes of one block, or of one element.</summary>
    public static int BlockBytes(this WeightDtype dtype) => dtype switch
    {
        WeightDtype.Q8_0 => 34,
        WeightDtype.Q4_0 => 18,
        WeightDtype.Q5_0 => 22,
        WeightDtype.Q4_K => 144,
        WeightDtype.Q6_K => 210,
        _ => dtype.SizeBytes(),
    };

    /// <summary>Bytes of so many elements, which are whole blocks.</summary>
    public static long RowBytes(this WeightDtype dtype, long elements) => elements / dtype.BlockElements() * dtype.BlockBytes();

    /// <summary>What config.json calls a type without blocks.</summary>
    public static string TorchName(this WeightDtype dtype) => dtype switch
    {
        WeightDtype.F32 => "float32",
        WeightDtype.F16 => "float16",
        WeightDtype.BF16 => "bfloat16",
        _ => throw new ArgumentOutOfRangeException(nameof(dtype), dtype, "Folders have no blocks of integers."),
    };

    /// <summary>The name that files use, which is also the enum's.</summary>
    public static bool TryParse(string name, out WeightDtype dtype) => Enum.TryParse(name, out dtype) && Enum.IsDefined(dtype) && dtype.ToString() == name;
}
