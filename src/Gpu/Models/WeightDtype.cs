namespace ActorInference.Gpu.Models;

/// <summary>Element type of a weight.</summary>
public enum WeightDtype : byte
{
    F32,
    F16,
    BF16,
}

public static class WeightDtypes
{
    /// <summary>Bytes of one element.</summary>
    public static int SizeBytes(this WeightDtype dtype) => dtype == WeightDtype.F32 ? 4 : 2;

    /// <summary>The name that safetensors files use, which is also the enum's.</summary>
    public static bool TryParse(string name, out WeightDtype dtype)
    {
        (var known, dtype) = name switch
        {
            "F32" => (true, WeightDtype.F32),
            "F16" => (true, WeightDtype.F16),
            "BF16" => (true, WeightDtype.BF16),
            _ => (false, default),
        };
        return known;
    }
}
