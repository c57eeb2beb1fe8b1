using System.Numerics;

namespace Akka.Util;

/// <summary>MurmurHash3, 32 bit (Austin Appleby), as shard extractors and consistent hashing use it.</summary>
public static class MurmurHash
{
    private const uint StringSeed = 0xf7ca7fd2;
    private const uint C1 = 0xcc9e2d51;
    private const uint C2 = 0x1b873593;

    /// <summary>Hashes a string by pairs of UTF-16 code units; stable across processes and versions.</summary>
    public static int StringHash(string s)
    {
        ReadOnlySpan<char> chars = s;
        var hash = StringSeed;
        var i = 0;
        for (; i + 1 < chars.Length; i += 2) hash = Mix(hash, ((uint)chars[i] << 16) + chars[i + 1]);
        if (i < chars.Length) hash ^= Scramble(chars[i]);
        return (int)Finish(hash, (uint)chars.Length);
    }

    /// <summary>Hashes bytes, four at a time, little-endian.</summary>
    public static int ByteHash(byte[] b)
    {
        var hash = (uint)b.Length;
        var i = 0;
        for (; i + 4 <= b.Length; i += 4) hash = Mix(hash, BitConverter.ToUInt32(b, i));
        uint rest = 0;
        for (var j = b.Length - 1; j >= i; j--) rest = (rest << 8) | b[j];
        if (i < b.Length) hash ^= Scramble(rest);
        return (int)Finish(hash, (uint)b.Length);
    }

    private static uint Scramble(uint block) => BitOperations.RotateLeft(block * C1, 15) * C2;

    private static uint Mix(uint hash, uint block) => (BitOperations.RotateLeft(hash ^ Scramble(block), 13) * 5) + 0xe6546b64;

    private static uint Finish(uint hash, uint length)
    {
        hash ^= length;
        hash = (hash ^ (hash >> 16)) * 0x85ebca6b;
        hash = (hash ^ (hash >> 13)) * 0xc2b2ae35;
        return hash ^ (hash >> 16);
    }
}
