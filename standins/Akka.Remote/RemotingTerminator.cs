using Akka.Actor;
using Akka.Dispatch.SysMsg;
using Akka.Event;

namespace Akka.Remote;

/// <summary>Closes the transport when the actors of users have ended, and before those of the system do.</summary>
internal sealed class RemotingTerminator : ReceiveActor
{
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private IActorRef _systemGuardian;

    public RemotingTerminator(RemoteTransport transport)
    {
        Receive<TerminationHook>(_ =>
        {
            _systemGuardian = Sender;
            _log.Info("Shutting down remote daemon.");
            transport.Shutdown().PipeTo(Self, success: () => Closed.Instance, failure: e => new Status.Failure(e));
        });
        Receive<Closed>(_ => End());
        Receive<Status.Failure>(failure =>
        {
            _log.Error(failure.Cause, "Remoting did not shut down in order.");
            End();
        });
    }

    protected override void PreStart() =>
        ((ExtendedActorSystem)Context.System).Provider.SystemGuardian.Tell(RegisterTerminationHook.Instance, Self);

    private void End()
    {
        _systemGuardian.Tell(TerminationHookDone.Instance);
        Context.Stop(Self);
    }

    private sealed class Closed
    {
        public static readonly Closed Instance = new();
    }
}
