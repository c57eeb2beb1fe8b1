using System.Threading.Channels;
using ActorInference.Actors.Ids;

namespace ActorInference.Roles.Gateway;

/// <summary>What the edge asks of the gateway, always in the same process: updates go through a channel, not a mailbox.</summary>
public static class GatewayProtocol
{
    /// <summary>Run a generation. Answered by <see cref="Accepted"/> or <see cref="Duplicate"/>.</summary>
    /// <param name="Updates">Gets the updates and is completed after the last.</param>
    public sealed record Generate(GenerationRequest Request, ChannelWriter<GenerationUpdate> Updates);

    public sealed record Accepted(RequestId Request);

    /// <summary>There is a generation of this id already.</summary>
    public sealed record Duplicate(RequestId Request);

    /// <summary>Said by this node's router to a generation that waits: there are workers for it, but no two of them that understand each other.</summary>
    /// <param name="Attempt">That waits.</param>
    /// <param name="Reason">What stands between them.</param>
    public sealed record NotPaired(AttemptId Attempt, string Reason);

    /// <summary>The client is gone or has had enough. Unknown ids are ignored: it may have ended by itself.</summary>
    public sealed record Cancel(RequestId Request);
}
