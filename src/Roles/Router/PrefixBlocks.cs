using System.Collections.Immutable;
using ActorInference.Actors.Kv;

namespace ActorInference.Roles.Router;

/// <summary>Names the beginnings of a prompt, block of tokens by block (<see cref="PrefixName"/>).</summary>
public static class PrefixBlocks
{
    /// <param name="salt">Of the request; null for the common space.</param>
    /// <param name="tokens">From the first one on; a tail that fills no block is left out.</param>
    /// <param name="blockTokens">Tokens of a block; 0 names nothing.</param>
    public static ImmutableArray<ulong> Of(string? salt, ReadOnlySpan<int> tokens, int blockTokens)
    {
        if (blockTokens == 0 || tokens.Length < blockTokens) return [];
        var names = ImmutableArray.CreateBuilder<ulong>(tokens.Length / blockTokens);
        var name = PrefixName.Begin(salt);
        for (var i = 0; names.Count < names.Capacity; i += blockTokens)
        {
            name = PrefixName.After(name, tokens.Slice(i, blockTokens));
            names.Add(name);
        }

        return names.MoveToImmutable();
    }
}
