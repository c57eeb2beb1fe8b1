using Akka.Actor;
using Petabridge.Cmd.Wire;

namespace Petabridge.Cmd.Host.Server;

/// <summary>One command that runs: the sender that its handler answers to. Ends with the final answer.</summary>
internal sealed class CommandRun : ReceiveActor
{
    /// <summary>For the first answer; a stream may be silent after it.</summary>
    private static readonly TimeSpan FirstAnswerTimeout = TimeSpan.FromSeconds(30);

    private readonly long _id;
    private readonly IActorRef _console;

    public CommandRun(long id, IActorRef console)
    {
        _id = id;
        _console = console;
        SetReceiveTimeout(FirstAnswerTimeout);
        Receive<CommandResponse>(Answer);
        Receive<Status.Failure>(failure => Answer(new ErroredCommandResponse($"{failure.Cause.GetType().Name}: {failure.Cause.Message}")));
        Receive<ReceiveTimeout>(_ => Answer(new ErroredCommandResponse($"The command did not answer within {FirstAnswerTimeout.TotalSeconds:0} s.")));
    }

    private void Answer(CommandResponse response)
    {
        SetReceiveTimeout(null);
        var isError = response is ErroredCommandResponse;
        var isFinal = response.Final || isError;
        _console.Tell(new Output(new WireReply(_id, response.Output, isFinal, isError)));
        if (isFinal) Context.Stop(Self);
    }

    public sealed record Output(WireReply Reply);
}
