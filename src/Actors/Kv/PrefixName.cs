using System.Numerics;

namespace ActorInference.Actors.Kv;

/// <summary>
/// Names the beginnings of prompts: each is a hash of all tokens up to there, and of the salt. 64 bits and not cryptographic: they only say where a prompt is worth
/// sending, and whoever crafts two that collide gets a slower answer, never another's pages.
/// </summary>
public static class PrefixName
{
    private const ulong Unsalted = 0x9E3779B97F4A7C15;

    /// <summary>The empty beginning.</summary>
    /// <param name="salt">Of the request; null for the common space.</param>
    public static ulong Begin(string? salt)
    {
        if (salt is null) return Unsalted;
        var name = ~Unsalted;
        foreach (var letter in salt) name = Step(name, letter);
        return name;
    }

    /// <summary>The beginning that goes on with these tokens.</summary>
    public static ulong After(ulong name, ReadOnlySpan<int> tokens)
    {
        foreach (var token in tokens) name = Step(name, (uint)token);
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
