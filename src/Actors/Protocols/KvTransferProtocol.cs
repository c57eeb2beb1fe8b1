using System.Collections.Immutable;
using ActorInference.Actors.Ids;
using ActorInference.Actors.Kv;
using Akka.Actor;

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
    /// <param name="Remote">What a receiver in another process needs to get them; null where there is none.</param>
    public sealed record KvPages(
        AttemptId Attempt,
        long Transfer,
        KvPoolId Pool,
        int FirstPage,
        ImmutableArray<KvPageReference> Pages,
        int? NextToken,
        RemotePages? Remote = null) : IWireMessage;

    /// <param name="Source">Where the pool is.</param>
    /// <param name="Checksums">Of each page, <see cref="PageChecksum"/>.</param>
    public sealed record RemotePages(KvPageSource Source, ImmutableArray<uint> Checksums);

    /// <summary>Brings the pages of a message from another process into a local pool.</summary>
    /// <param name="Pages">As it came.</param>
    /// <param name="Sender">Who sent it, and holds the pages until he is answered.</param>
    public sealed record Fetch(KvPages Pages, IActorRef Sender);

    /// <summary>The pages of a message could not be brought.</summary>
    public sealed record FetchFailed(AttemptId Attempt, string Message)
    {
        /// <summary>Which kind of failure: after <see cref="TransferError.Mismatch"/>, for one, the same pair need not be tried again.</summary>
        public TransferError Error { get; init; } = TransferError.Broken;
    }

    /// <summary>The receiver holds the pages itself.</summary>
    public sealed record PagesLanded(long Transfer) : IWireMessage;

    /// <summary>The receiver does not want them, or no longer.</summary>
    public sealed record PagesRefused(long Transfer) : IWireMessage;
}
