using System.Security.Cryptography;
using ActorInference.Actors.Kv;

namespace ActorInference.Cache.Radix;

/// <summary>Size of one <see cref="RadixTree"/>; fixed for its life.</summary>
public sealed record RadixTreeOptions
{
    /// <summary>Tokens in a page, at least 1.</summary>
    public required int PageSizeTokens { get; init; }

    /// <summary>Pages that the tree may hold, at least 1. Its tables for them are reserved at once: 4 bytes a token and about 100 a page.</summary>
    public required int CapacityPages { get; init; }

    /// <summary>Told of each page that comes or goes; null for nobody. It costs 8 bytes a page, and a hash of its tokens for each that comes.</summary>
    public IPrefixWatcher? Watcher { get; init; }

    /// <summary>
    /// Seeds the hash of token ids, which are the users' to choose. Nothing but the place in a table depends on it.
    /// Default: random.
    /// </summary>
    public ulong HashSeed { get; init; } = BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(sizeof(ulong)));

    /// <exception cref="ArgumentOutOfRangeException">A value is outside its range.</exception>
    internal void Validate()
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(PageSizeTokens);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(CapacityPages);
        if ((long)PageSizeTokens * CapacityPages > Array.MaxLength)
        {
            throw new ArgumentOutOfRangeException(
                nameof(CapacityPages), CapacityPages, $"With {PageSizeTokens} tokens a page, CapacityPages must be at most {Array.MaxLength / PageSizeTokens}.");
        }
    }
}
