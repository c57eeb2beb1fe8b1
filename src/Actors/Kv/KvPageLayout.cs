namespace ActorInference.Actors.Kv;

/// <summary>
/// Shape of one KV page: one contiguous block <c>[layer][k|v][token][kvHead][headDim]</c>.
/// Two workers may exchange pages only if their layouts are equal.
/// </summary>
/// <param name="Layers">Transformer layers, at least 1.</param>
/// <param name="PageSizeTokens">Tokens in a page; a power of two, at least 1.</param>
/// <param name="KvHeads">Key/value heads, at least 1.</param>
/// <param name="HeadDim">Elements of one head, at least 2 and even.</param>
/// <param name="Dtype">Element type.</param>
public sealed record KvPageLayout(int Layers, int PageSizeTokens, int KvHeads, int HeadDim, KvDtype Dtype)
{
    /// <summary>Elements of one token's keys (or values) in one layer.</summary>
    public int TokenElements => KvHeads * HeadDim;

    /// <summary>Bytes of one head of one token.</summary>
    public int HeadBytes => Dtype.HeadBytes(HeadDim);

    /// <summary>Bytes of the keys (or the values) of one layer within a page.</summary>
    public int PlaneBytes => PageSizeTokens * KvHeads * HeadBytes;

    /// <summary>Bytes of one layer (keys, then values) within a page.</summary>
    public int LayerBytes => 2 * PlaneBytes;

    /// <summary>Bytes of a whole page.</summary>
    public int PageBytes => Layers * LayerBytes;

    /// <summary>Pages that hold <paramref name="tokens"/> tokens, the last perhaps in part.</summary>
    public int PagesFor(int tokens) => (tokens + PageSizeTokens - 1) / PageSizeTokens;
}
