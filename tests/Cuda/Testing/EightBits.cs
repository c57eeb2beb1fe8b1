namespace ActorInference.Cuda.Tests.Testing;

/// <summary>E4M3 by its table of numbers (OCP 8-bit floating point specification, 2023), to compare the kernels' arithmetic with.</summary>
internal static class EightBits
{
    private const int LargestCode = 0x7e;

    /// <summary>Of the codes without sign, in their order.</summary>
    private static readonly float[] Numbers = [.. Enumerable.Range(0, LargestCode + 1).Select(NumberOf)];

    public static float Widen(byte code) => (code & 0x7f) > LargestCode ? float.NaN : (code & 0x80) != 0 ? -Numbers[code & 0x7f] : Numbers[code];

    /// <summary>The nearest; of two as near the even one; the largest for what is larger.</summary>
    public static byte Narrow(float value)
    {
        var sign = float.IsNegative(value) ? 0x80 : 0;
        var size = Math.Abs(value);
        var above = Array.BinarySearch(Numbers, size);
        if (above >= 0) return (byte)(sign | above);
        above = ~above;
        if (above > LargestCode) return (byte)(sign | LargestCode);
        double up = Numbers[above] - (double)size, down = size - (double)Numbers[above - 1];
        var code = up < down || (up == down && above % 2 == 0) ? above : above - 1;
        return (byte)(sign | code);
    }

    private static float NumberOf(int code)
    {
        var (exponent, fraction) = (code >> 3, code & 7);
        return exponent == 0 ? fraction * MathF.Pow(2, -9) : (1 + fraction / 8f) * MathF.Pow(2, exponent - 7);
    }
}
