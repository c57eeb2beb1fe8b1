using System.Collections.Immutable;
using System.Numerics;

namespace ActorInference.Roles.Router;

/// <summary>
/// Names the beginnings of a prompt, block of tokens by block: each name is a hash of all tokens up to there, and of the salt. 64 bits and not
/// cryptographic: they only say where a prompt is worth sending, and whoever crafts two that collide gets a slower answer, never another's pages.
/// </summary>
public static class PrefixBlocks
{
    private const ulong Unsalted = 0x9E3779B97F4A7C15;

    /// <param name="salt">Of the request; null for the common space.</param>
    /// <param name="tokens">From the first one on; a tail that fills no block is left out.</param>
    /// <param name="blockTokens">Tokens of a block; 0 names nothing.</param>
    public static ImmutableArray<ulong> Of(string? salt, ReadOnlySpan<int> tokens, int blockTokens)
    {
        if (blockTokens == 0 || tokens.Length < blockTokens) return [];
        var names = ImmutableArray.CreateBuilder<ulong>(tokens.Length / blockTokens);
        var name = Begin(salt);
        for (var i = 0; names.Count < names.Capacity; i += blockTokens)
        {
            foreach (var token in tokens.Slice(i, blockTokens)) name = Step(name, (uint)token);
            names.Add(name);
        }

        return names.MoveToImmutable();
    }

    private static ulong Begin(string? salt)
    {
        if (salt is null) return Unsalted;
        var name = ~Unsalted;
        foreach (var letter in salt) name = Step(name, letter);
        return name;
    }

    /// <summary>The finalizer of splitmix64 over both (S. Vigna): each bit of either changes half of the result's.</summary>
    private static ulong Step(ulong name, uint next)
    {
        var mixed = BitOperations.RotateLeft(name, 23) + (next + 1UL) * 0x9E3779B97F4A7C15;
        mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9;
        mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EB;
        return mixed ^ (mixed >> 31);
    }
}
