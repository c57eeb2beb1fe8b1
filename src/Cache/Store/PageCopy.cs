using ActorInference.Actors.Kv;

namespace ActorInference.Cache.Store;

/// <summary>Copies of pages that are checked as they are made.</summary>
internal static class PageCopy
{
    /// <returns>False if the bytes that arrived are not those that were meant.</returns>
    public static bool TryCopy(ReadOnlySpan<byte> source, Span<byte> target, uint checksum)
    {
        // Of what is written, in the same pass: the source may change while it is read.
        return source.Length == target.Length && PageChecksum.Copy(source, target) == checksum;
    }
}
