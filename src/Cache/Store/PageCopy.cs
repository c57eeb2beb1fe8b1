using ActorInference.Actors.Kv;

namespace ActorInference.Cache.Store;

/// <summary>Copies of pages that are checked as they are made.</summary>
internal static class PageCopy
{
    /// <returns>False if the bytes that arrived are not those that were meant.</returns>
    public static bool TryCopy(ReadOnlySpan<byte> source, Span<byte> target, uint checksum)
    {
        if (source.Length != target.Length) return false;
        source.CopyTo(target);
        return PageChecksum.Compute(target) == checksum;   // Of the copy: the source may change while it is read.
    }
}
