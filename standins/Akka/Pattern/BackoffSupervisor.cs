using Akka.Actor;

namespace Akka.Pattern;

/// <summary>What the two back-off supervisors share: one child, a growing wait before it starts again, and forwarding.</summary>
public abstract class BackoffSupervisorBase : ActorBase
{
    private int _restartCount;
    private bool _finalStopSeen;

    private protected BackoffSupervisorBase(BackoffOptions options)
    {
        Options = options;
    }

    protected IActorRef Child { get; private set; }

    private protected BackoffOptions Options { get; }

    protected override void PreStart() => StartChild();

    protected override bool Receive(object message)
    {
        switch (message)
        {
            case BackoffSupervisor.StartChild:
                StartChild();
                if (Options.AutoResetAfter is { } after)
                    Context.System.Scheduler.ScheduleTellOnce(after, Self, new BackoffSupervisor.ResetRestartCount(_restartCount), Self);
                return true;
            case BackoffSupervisor.Reset when Options.AutoResetAfter is null:
                _restartCount = 0;
                return true;
            case BackoffSupervisor.ResetRestartCount reset:
                if (reset.Current == _restartCount) _restartCount = 0;   // The child has not ended since.
                return true;
            case BackoffSupervisor.GetRestartCount:
                Sender.Tell(new BackoffSupervisor.RestartCount(_restartCount));
                return true;
            case BackoffSupervisor.GetCurrentChild:
                Sender.Tell(new BackoffSupervisor.CurrentChild(Child));
                return true;
            case Terminated terminated when terminated.ActorRef.Equals(Child):
                Child = null;
                if (_finalStopSeen) Context.Stop(Self);
                else OnChildStopped();
                return true;
            default:
                Forward(message);
                return true;
        }
    }

    private protected abstract void OnChildStopped();

    /// <summary>Starts the child again after the present wait, which is then doubled.</summary>
    private protected void BackOff(bool stopChild = false)
    {
        var maxNrOfRetries = Options.Strategy.MaxNumberOfRetries;
        if (maxNrOfRetries >= 0 && _restartCount >= maxNrOfRetries)
        {
            Context.Stop(Self);
            return;
        }

        if (stopChild && Child is { } failed)
        {
            Context.Unwatch(failed);
            Context.Stop(failed);
            Child = null;
        }

        var wait = BackoffSupervisor.CalculateDelay(_restartCount, Options.MinBackoff, Options.MaxBackoff, Options.RandomFactor);
        Context.System.Scheduler.ScheduleTellOnce(wait, Self, BackoffSupervisor.StartChild.Instance, Self);
        _restartCount++;
    }

    private void StartChild() => Child ??= Context.Watch(Context.ActorOf(Options.ChildProps, Options.ChildName));

    private void Forward(object message)
    {
        if (Child is { } child)
        {
            // An answer of the child goes to the supervisor's parent, which knows the supervisor only.
            if (child.Equals(Sender)) Context.Parent.Forward(message);
            else
            {
                child.Forward(message);
                if (!_finalStopSeen && Options.FinalStopMessage is { } isFinal) _finalStopSeen = isFinal(message);
            }
        }
        else if (Options.ReplyWhileStopped is { } reply)
        {
            Sender.Tell(reply);
        }
        else
        {
            Context.System.DeadLetters.Forward(message);
        }

        if (Child is null && Options.FinalStopMessage?.Invoke(message) == true) Context.Stop(Self);
    }
}

/// <summary>Starts a child that has stopped again, after a wait that grows with each time.</summary>
public sealed class BackoffSupervisor : BackoffSupervisorBase
{
    internal BackoffSupervisor(BackoffOptions options)
        : base(options)
    {
    }

    public static Props Props(BackoffOptions options) => options.Props;

    public static Props Props(Props childProps, string childName, TimeSpan minBackoff, TimeSpan maxBackoff, double randomFactor) =>
        Props(childProps, childName, minBackoff, maxBackoff, randomFactor, -1);

    public static Props Props(Props childProps, string childName, TimeSpan minBackoff, TimeSpan maxBackoff, double randomFactor, int maxNrOfRetries) =>
        Backoff.OnStop(childProps, childName, minBackoff, maxBackoff, randomFactor, maxNrOfRetries).Props;

    protected override SupervisorStrategy SupervisorStrategy() => Options.Strategy;

    private protected override void OnChildStopped() => BackOff();

    internal static TimeSpan CalculateDelay(int restartCount, TimeSpan minBackoff, TimeSpan maxBackoff, double randomFactor)
    {
        var grown = minBackoff.TotalMilliseconds * Math.Pow(2, Math.Min(restartCount, 60));
        var random = 1 + (Random.Shared.NextDouble() * randomFactor);
        return TimeSpan.FromMilliseconds(Math.Min(maxBackoff.TotalMilliseconds, grown) * random);
    }

    /// <summary>Asks for the <see cref="CurrentChild"/>.</summary>
    public sealed class GetCurrentChild
    {
        public static readonly GetCurrentChild Instance = new();

        private GetCurrentChild()
        {
        }
    }

    /// <summary>The child; none while it waits to be started.</summary>
    public sealed class CurrentChild(IActorRef @ref)
    {
        public IActorRef Ref { get; } = @ref;
    }

    /// <summary>Sets the count, and so the wait, back to the beginning.</summary>
    public sealed class Reset
    {
        public static readonly Reset Instance = new();

        private Reset()
        {
        }
    }

    public sealed class GetRestartCount
    {
        public static readonly GetRestartCount Instance = new();

        private GetRestartCount()
        {
        }
    }

    public sealed class RestartCount(int count)
    {
        public int Count { get; } = count;
    }

    internal sealed class StartChild : INoSerializationVerificationNeeded
    {
        public static readonly StartChild Instance = new();
    }

    internal sealed record ResetRestartCount(int Current) : INoSerializationVerificationNeeded;
}

/// <summary>Stops a child that fails, and starts it again after a wait that grows with each time.</summary>
internal sealed class BackoffOnRestartSupervisor(BackoffOptions options) : BackoffSupervisorBase(options)
{
    private protected override void OnChildStopped() => Context.Stop(Self);   // By itself, not by a failure: that is its end.

    protected override SupervisorStrategy SupervisorStrategy() => new OneForOneStrategy(-1, -1, cause =>
    {
        var directive = Options.Strategy.Decider.Decide(cause);
        if (directive != Directive.Restart) return directive;
        BackOff(stopChild: true);
        return Directive.Stop;
    });
}
