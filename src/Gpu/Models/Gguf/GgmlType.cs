namespace ActorInference.Gpu.Models.Gguf;

/// <summary>Element types of a GGUF file that the backends compute with; the numbers are the format's.</summary>
public enum GgmlType : uint
{
    F32 = 0,
    F16 = 1,
    Q4_0 = 2,
    Q4_1 = 3,
    Q5_0 = 6,
    Q5_1 = 7,
    Q8_0 = 8,
    Q2_K = 10,
    Q3_K = 11,
    Q4_K = 12,
    Q5_K = 13,
    Q6_K = 14,
    IQ4_NL = 20,
    IQ4_XS = 23,
    BF16 = 30,
}

public static class GgmlTypes
{
    /// <summary>Names of those that are known, but not computed with, for errors.</summary>
    private static readonly Dictionary<uint, string> Others = new()
    {
        [9] = "Q8_1", [15] = "Q8_K",
        [16] = "IQ2_XXS", [17] = "IQ2_XS", [18] = "IQ3_XXS", [19] = "IQ1_S", [21] = "IQ3_S", [22] = "IQ2_S",
        [24] = "I8", [25] = "I16", [26] = "I32", [27] = "I64", [28] = "F64", [29] = "IQ1_M", [34] = "TQ1_0", [35] = "TQ2_0", [39] = "MXFP4",
    };

    /// <summary>What a file may have, for errors.</summary>
    public static string Expected => string.Join(", ", Enum.GetNames<GgmlType>());

    /// <summary>The type of a number in a file.</summary>
    public static bool TryParse(uint number, out WeightDtype dtype) => WeightDtypes.TryParse(Name(number), out dtype);

    public static string Name(uint number) =>
        Enum.IsDefined((GgmlType)number) ? ((GgmlType)number).ToString() : Others.TryGetValue(number, out var name) ? name : $"type {number}";

    /// <summary>The number that files have for a type of weight.</summary>
    public static uint Number(WeightDtype dtype) => (uint)Enum.Parse<GgmlType>(dtype.ToString());
}
