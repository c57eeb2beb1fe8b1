namespace ActorInference.Actors.Kv;

/// <summary>Pages of one prompt that a prefix cache takes in, each after the one before it.</summary>
public readonly ref struct PrefixRun
{
    /// <summary>Tokens before the first page.</summary>
    public required int Position { get; init; }

    public required int PageSizeTokens { get; init; }

    /// <summary>For each page, a small number that no other page of the cache has until this one goes.</summary>
    public required ReadOnlySpan<int> Places { get; init; }

    /// <summary>Name of what comes before the first page (<see cref="PrefixName"/>).</summary>
    public required ulong Before { get; init; }

    /// <summary>For each page, the name of what ends with it.</summary>
    public required ReadOnlySpan<ulong> Names { get; init; }

    /// <summary>Of all pages.</summary>
    public required ReadOnlySpan<int> Tokens { get; init; }
}
