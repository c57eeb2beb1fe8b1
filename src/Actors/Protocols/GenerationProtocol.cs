using ActorInference.Actors.Generation;
using ActorInference.Actors.Ids;
using ActorInference.Actors.Kv;
using Akka.Actor;

namespace ActorInference.Actors.Protocols;

/// <summary>What workers tell the actor that runs a generation.</summary>
public static class GenerationProtocol
{
    /// <summary>Every message here: it counts only if the attempt is the present one.</summary>
    public interface IFromWorker : IWireMessage
    {
        AttemptId Attempt { get; }
    }

    /// <summary>A decode worker keeps room for the sequence.</summary>
    /// <param name="PageTarget">Where the pages are to be sent.</param>
    public sealed record Granted(AttemptId Attempt, IActorRef PageTarget) : IFromWorker;

    /// <summary>Work goes on, though there is no token yet.</summary>
    public sealed record Progressed(AttemptId Attempt) : IFromWorker;

    /// <param name="Index">Place in the output, from 0.</param>
    /// <param name="CachedTokens">Prompt tokens that were not computed; null from a worker that does not know.</param>
    /// <param name="Ending">With the last token. Together, because a last token without it would be continued elsewhere.</param>
    /// <param name="Tiers">Of the cached tokens, those from beyond the device's pool.</param>
    public sealed record TokenChosen(
        AttemptId Attempt, int Index, int TokenId, TokenLogprob? Logprob, int? CachedTokens, Ending? Ending, TierTokens Tiers = default) : IFromWorker;

    /// <summary>The output ended with a token that was reported before.</summary>
    /// <param name="OutputTokens">Tokens of the whole output.</param>
    public sealed record Completed(AttemptId Attempt, int OutputTokens, Ending Ending) : IFromWorker;

    /// <param name="Reason">Why an output ended.</param>
    /// <param name="MatchedTokenId">The token that ended it, if <see cref="FinishReason.Stop"/>.</param>
    public sealed record Ending(FinishReason Reason, int? MatchedTokenId);

    /// <summary>The worker has no place for the job; nothing was done. Another may have.</summary>
    public sealed record Refused(AttemptId Attempt, WorkerId Worker, string Message) : IFromWorker;

    /// <summary>The job can run on no worker, for instance because it is too long.</summary>
    public sealed record Rejected(AttemptId Attempt, string Message) : IFromWorker;

    /// <summary>The worker lost the job; on another, or on this one later, it can go on.</summary>
    public sealed record Lost(AttemptId Attempt, WorkerId Worker, string Message) : IFromWorker;

    /// <summary>The model failed on this sequence, and would again.</summary>
    public sealed record Failed(AttemptId Attempt, string Message) : IFromWorker;
}
