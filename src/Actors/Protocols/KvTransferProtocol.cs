using System.Collections.Immutable;
using ActorInference.Actors.Ids;
using ActorInference.Actors.Kv;

namespace ActorInference.Actors.Protocols;

/// <summary>
/// KV pages between GPU workers. A page stays referenced by the sender until the receiver has answered, has died, or has
/// been silent past a deadline, so that it is never free under way; the receiver takes a reference of its own.
/// </summary>
public static class KvTransferProtocol
{
    /// <summary>Pages of one attempt, in the order of the sequence. Carries references; the bytes are in the pool.</summary>
    /// <param name="Transfer">The sender's number for the answer.</param>
    /// <param name="Pool">Where the pages are.</param>
    /// <param name="FirstPage">Place of the first of them in the sequence.</param>
    /// <param name="NextToken">With the last pages: the token that follows; its keys and values are not in them.</param>
    public sealed record KvPages(
        AttemptId Attempt, long Transfer, KvPoolId Pool, int FirstPage, ImmutableArray<KvPageReference> Pages, int? NextToken);

    /// <summary>The receiver holds the pages itself.</summary>
    public sealed record PagesLanded(long Transfer);

    /// <summary>The receiver does not want them, or no longer.</summary>
    public sealed record PagesRefused(long Transfer);
}
