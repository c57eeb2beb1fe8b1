using Akka.Actor;

namespace ActorInference.ActorEngine.Tests;

/// <summary>Tells an observer of each step of its life, and does what it is told to.</summary>
public class LifecycleActor : ReceiveActor
{
    private readonly IActorRef _observer;

    public LifecycleActor(IActorRef observer)
    {
        _observer = observer;
        _observer.Tell(new Constructed());
        Receive<Fail>(fail => throw fail.Cause);
        Receive<StartChild>(start => Sender.Tell(Context.ActorOf(start.Props, start.Name)));
        Receive<StopSelf>(_ => Context.Stop(Self));
        Receive<StopChild>(stop => Context.Stop(stop.Child));
        Receive<WhoAreYou>(_ => Sender.Tell(GetHashCode()));
        ReceiveAny(message => _observer.Tell(new Handled(message)));
    }

    protected override void PreStart() => _observer.Tell(new PreStarted());

    protected override void PostStop() => _observer.Tell(new PostStopped());

    protected override void PreRestart(Exception reason, object message)
    {
        _observer.Tell(new PreRestarted(reason, message));
        base.PreRestart(reason, message);
    }

    protected override void PostRestart(Exception reason)
    {
        _observer.Tell(new PostRestarted(reason));
        base.PostRestart(reason);
    }

    public sealed record Fail(Exception Cause);

    public sealed record StartChild(Props Props, string Name);

    public sealed record StopChild(IActorRef Child);

    public sealed record StopSelf;

    public sealed record WhoAreYou;

    public sealed record Constructed;

    public sealed record PreStarted;

    public sealed record PostStopped;

    public sealed record PreRestarted(Exception Reason, object Message);

    public sealed record PostRestarted(Exception Reason);

    public sealed record Handled(object Message);
}
