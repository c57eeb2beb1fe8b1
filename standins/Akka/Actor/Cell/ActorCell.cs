using Akka.Actor.Internal;
using Akka.Dispatch;
using Akka.Dispatch.SysMsg;
using Akka.Event;

namespace Akka.Actor;

/// <summary>
/// The engine's side of one actor: its mailbox, children, watches and life. All but sending and looking up children
/// happens on the thread that runs the mailbox. What few actors need (children, watches, stash, timers) is made on first use.
/// </summary>
public partial class ActorCell : IUntypedActorContext, ICell
{
    public const int UndefinedUid = 0;

    private ActorBase _actor;
    private Receive _behaviour;
    private Stack<Receive> _outerBehaviours;
    private Mailbox _mailbox;
    private IActorRef _sender;
    private MessageDispatcher _dispatcher;
    private bool _isTerminated;

    public ActorCell(ActorSystemImpl system, IInternalActorRef self, Props props, MessageDispatcher dispatcher, IInternalActorRef parent)
    {
        SystemImpl = system;
        Self = self;
        Props = props;
        Parent = parent;
        _dispatcher = dispatcher;
    }

    public ActorSystemImpl SystemImpl { get; }

    public IActorRef Self { get; }

    public Props Props { get; }

    public IInternalActorRef Parent { get; }

    public ActorSystem System => SystemImpl;

    public MessageDispatcher Dispatcher => _dispatcher;

    public bool IsLocal => true;

    public bool IsTerminated => Volatile.Read(ref _isTerminated);

    public bool HasMessages => Mailbox.HasMessages;

    public int NumberOfMessages => Mailbox.NumberOfMessages;

    public object CurrentMessage { get; private set; }

    public IActorRef Sender => _sender ?? System.DeadLetters;

    public bool ActorHasBeenCleared { get; private set; }

    internal Mailbox Mailbox => Volatile.Read(ref _mailbox);

    internal IActorRef SenderOrNull => _sender;

    internal ActorBase Actor => _actor;

    /// <summary>Tells apart two deliveries of one message object.</summary>
    internal long CurrentEnvelopeId { get; private set; }

    IActorRef IActorContext.Parent => Parent;

    private IInternalActorRef SelfInternal => (IInternalActorRef)Self;

    /// <summary>The running actor's own reference, or none.</summary>
    public static IActorRef GetCurrentSelfOrNoSender() => InternalCurrentActorCellKeeper.Current?.Self;

    public static IActorRef GetCurrentSenderOrNoSender() => InternalCurrentActorCellKeeper.Current?.Sender;

    public void Start() => _dispatcher.Attach(this);

    public void Stop() => SendSystemMessage(new Terminate());

    public void Suspend() => SendSystemMessage(new Suspend());

    public void Resume(Exception causedByFailure) => SendSystemMessage(new Resume(causedByFailure));

    public void Restart(Exception cause) => SendSystemMessage(new Recreate(cause));

    public void SendMessage(IActorRef sender, object message) => SendMessage(new Envelope(message, sender));

    public virtual void SendMessage(Envelope message)
    {
        if (SystemImpl.SerializesMessages) message = SystemImpl.Serialization.RoundTrip(message);
        _dispatcher.Dispatch(this, message);
    }

    public virtual void SendSystemMessage(ISystemMessage message)
    {
        if (message is not SystemMessage queued)
            throw new ArgumentException($"[{message}] is for guardians, and {Self} is none.", nameof(message));
        _dispatcher.SystemDispatch(this, queued);
    }

    public ActorSelection ActorSelection(ActorPath actorPath) => ActorRefFactoryShared.ActorSelection(actorPath, System);

    public ActorSelection ActorSelection(string actorPath) => ActorRefFactoryShared.ActorSelection(actorPath, System, Self);

    public void Become(Receive receive) => _behaviour = receive ?? throw new ArgumentNullException(nameof(receive));

    public void BecomeStacked(Receive receive)
    {
        (_outerBehaviours ??= new Stack<Receive>()).Push(_behaviour);
        Become(receive);
    }

    /// <summary>Goes back to the behaviour before; from the last one, to the actor's own.</summary>
    public void UnbecomeStacked() => _behaviour = _outerBehaviours is { Count: > 0 } ? _outerBehaviours.Pop() : _actor.Handle;

    void IUntypedActorContext.Become(UntypedReceive receive) => Become(Untyped(receive));

    void IUntypedActorContext.BecomeStacked(UntypedReceive receive) => BecomeStacked(Untyped(receive));

    internal void Init(MailboxType mailboxType)
    {
        var mailbox = _dispatcher.CreateMailbox(this, mailboxType);
        mailbox.SetActor(this);
        _mailbox = mailbox;
        mailbox.SystemEnqueue(Self, new Create());
    }

    internal Mailbox SwapMailbox(Mailbox mailbox) => Interlocked.Exchange(ref _mailbox, mailbox);

    /// <summary>Runs a piece of an asynchronous handler as if its message were being handled now.</summary>
    internal void RunWithin(object message, IActorRef sender, Action work)
    {
        (CurrentMessage, _sender) = (message, sender);
        work();
        if (_receiveTimeout is { Pending: null }) ScheduleReceiveTimeout();
        CurrentMessage = null;
        _sender = null;
    }

    internal void SuspendForTask() => _dispatcher.Suspend(this);

    internal void ResumeAfterTask() => _dispatcher.Resume(this);

    private static Receive Untyped(UntypedReceive receive)
    {
        ArgumentNullException.ThrowIfNull(receive);
        return message =>
        {
            receive(message);
            return true;
        };
    }

    /// <summary>A new instance, with its context current while it is constructed.</summary>
    private ActorBase NewActor()
    {
        _outerBehaviours = null;
        _behaviour = null;
        ActorHasBeenCleared = false;
        var instance = CreateNewActorInstance();
        _behaviour ??= instance.Handle;   // Its constructor may have called Become.
        return instance;
    }

    protected virtual ActorBase CreateNewActorInstance()
    {
        var instance = Props.NewActor();
        (instance as ReceiveActor)?.EndConstruction();
        if (instance is IActorStash stashing) GiveStash(stashing);
        if (instance is IWithTimers timed) timed.Timers = new Scheduler.TimerScheduler(this);
        return instance;
    }

    private void GiveStash(IActorStash actor)
    {
        IStash stash = actor is IWithBoundedStash
            ? new Internal.BoundedStash(this, Props.Deploy.StashCapacity)
            : new Internal.UnboundedStash(this);
        switch (actor)
        {
            case IWithStash with: with.Stash = stash; break;
            case IWithUnboundedStash with: with.Stash = stash; break;
            case IWithBoundedStash with: with.Stash = stash; break;
        }
    }

    /// <summary>Lets an instance go: what it stashed returns to the mailbox, its timers end, it is disposed of.</summary>
    private void ClearActor(ActorBase actor)
    {
        if (actor is null) return;
        (actor as IWithTimers)?.Timers?.CancelAll();
        Stash(actor)?.UnstashAll();
        try
        {
            (actor as IDisposable)?.Dispose();
        }
        catch (Exception e)
        {
            Publish(new Error(e, Self.Path.ToString(), actor.GetType(), $"An error occurred while disposing {actor.GetType()}: {e.Message}"));
        }

        Props.Release(actor);
        actor.Clear(Self);
        ActorHasBeenCleared = true;
        CurrentMessage = null;
        _behaviour = null;
        _outerBehaviours = null;
    }

    private static IStash Stash(ActorBase actor) => actor switch
    {
        IWithStash with => with.Stash,
        IWithUnboundedStash with => with.Stash,
        IWithBoundedStash with => with.Stash,
        _ => null,
    };

    private void Publish(LogEvent @event) => System.EventStream.Publish(@event);
}
