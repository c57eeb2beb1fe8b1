using System.Runtime.InteropServices;

namespace ActorInference.Cache.Radix;

/// <summary>A fast keyed hash of token ids: 64-bit words folded by 128-bit products.</summary>
internal static class TokenHash
{
    private const ulong Factor = 0x9E3779B97F4A7C15;
    private const ulong LastFactor = 0xD6E8FEB86659FD93;

    public static ulong Of(ulong seed, ReadOnlySpan<int> tokens)
    {
        var hash = seed;
        foreach (var word in MemoryMarshal.Cast<int, ulong>(tokens)) hash = Fold(hash ^ word, Factor);
        if ((tokens.Length & 1) != 0) hash = Fold(hash ^ (uint)tokens[^1], LastFactor);
        return Fold(hash ^ (uint)tokens.Length, LastFactor);
    }

    public static ulong Fold(ulong value, ulong factor)
    {
        var high = Math.BigMul(value, factor, out var low);
        return high ^ low;
    }
}
