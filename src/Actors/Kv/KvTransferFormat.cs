namespace ActorInference.Actors.Kv;

/// <summary>
/// All that two page pools must have in common to exchange pages: the fingerprint by which a pair is judged before it is
/// made, and again when it first connects.
/// </summary>
/// <param name="Protocol">Version of the frames and of the checksum, docs/formats/kv-transfer.md; at least 1.</param>
/// <param name="Layout">Shape of the pages.</param>
public sealed record KvTransferFormat(int Protocol, KvPageLayout Layout)
{
    /// <summary>What this program speaks.</summary>
    public const int CurrentProtocol = 2;

    /// <summary>What those speak that don't say: programs from before there was a number.</summary>
    public const int UnnamedProtocol = 1;

    /// <summary>Pages of a layout as this program exchanges them.</summary>
    public static KvTransferFormat Of(KvPageLayout layout) => new(CurrentProtocol, layout);
}

/// <summary>Whether two page pools can exchange pages. Pure.</summary>
public static class KvCompatibility
{
    /// <summary>Says what stands between two pools, all of it.</summary>
    /// <param name="first">One; null if its worker exchanges no pages with other processes.</param>
    /// <param name="second">The other; null likewise.</param>
    /// <returns>
    /// Null if they can exchange pages; else what differs, such as <c>layers 4 and 2, dtype F32 and F16</c>, the first one's values first.
    /// </returns>
    public static string? Explain(KvTransferFormat? first, KvTransferFormat? second)
    {
        // Workers of one process share a pool and say nothing; they are never asked to cross.
        if (first is null || second is null) return first == second ? null : "only one of them exchanges pages with other processes";
        if (first == second) return null;
        var (a, b) = (first.Layout, second.Layout);
        List<string> differences = [];
        Compare("protocol version", first.Protocol, second.Protocol);
        Compare("layers", a.Layers, b.Layers);
        Compare("tokens a page", a.PageSizeTokens, b.PageSizeTokens);
        Compare("KV heads", a.KvHeads, b.KvHeads);
        Compare("head dimension", a.HeadDim, b.HeadDim);
        Compare("dtype", a.Dtype, b.Dtype);
        return string.Join(", ", differences);

        void Compare<T>(string name, T mine, T other)
        {
            if (!EqualityComparer<T>.Default.Equals(mine, other)) differences.Add($"{name} {mine} and {other}");
        }
    }
}
