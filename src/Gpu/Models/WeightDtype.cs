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

    /// <summary>32 elements: a F16 scale and a F16 offset, 16 bytes as Q4_0.</summary>
    Q4_1,

    /// <summary>32 elements: a F16 scale and a F16 offset, 32 fifth bits, 16 bytes as Q4_0.</summary>
    Q5_1,

    /// <summary>256 elements: 16 pairs of 4-bit scale and offset, 64 bytes of four elements each, F16 scales of scales and of offsets.</summary>
    Q2_K,

    /// <summary>256 elements: 32 bytes of third bits, 64 of four elements each, 16 6-bit scales, a F16 scale of scales; less 4.</summary>
    Q3_K,

    /// <summary>256 elements: as Q4_K, with 32 bytes of fifth bits.</summary>
    Q5_K,

    /// <summary>32 elements: as Q4_0, but each a place in a table of signed bytes.</summary>
    IQ4_NL,

    /// <summary>256 elements: a F16 scale of scales, 8 6-bit scales, 128 bytes of places in the same table.</summary>
    IQ4_XS,
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
        WeightDtype.F32 or WeightDtype.F16 or WeightDtype.BF16 => 1,
        WeightDtype.Q8_0 or WeightDtype.Q4_0 or WeightDtype.Q4_1 or WeightDtype.Q5_0 or WeightDtype.Q5_1 or WeightDtype.IQ4_NL => 32,
        _ => 256,
    };

    /// <summary>Bytes of one block, or of one element.</summary>
    public static int BlockBytes(this WeightDtype dtype) => dtype switch
    {
        WeightDtype.Q8_0 => 34,
        WeightDtype.Q4_0 or WeightDtype.IQ4_NL => 18,
        WeightDtype.Q4_1 => 20,
        WeightDtype.Q5_0 => 22,
        WeightDtype.Q5_1 => 24,
        WeightDtype.Q2_K => 84,
        WeightDtype.Q3_K => 110,
        WeightDtype.IQ4_XS => 136,
        WeightDtype.Q4_K => 144,
        WeightDtype.Q5_K => 176,
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
