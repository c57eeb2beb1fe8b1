using Akka.Actor;
using Akka.Dispatch;
using Akka.Event;
using static Akka.Cluster.ClusterProtocol;

namespace Akka.Cluster;

/// <summary>/system/cluster: the parts of this node. They stop together, and with them its membership.</summary>
internal sealed class ClusterDaemon : UntypedActor, IRequiresMessageQueue<IUnboundedMessageQueueSemantics>
{
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly Cluster _cluster;
    private IActorRef _publisher;
    private IActorRef _core;

    public ClusterDaemon(Cluster cluster)
    {
        _cluster = cluster;
    }

    public static Props Props(Cluster cluster) => Actor.Props.Create(() => new ClusterDaemon(cluster));

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case Begin:
                StartParts();
                break;
            case Subscribe or Unsubscribe or SendCurrentClusterState:
                _publisher.Forward(message);
                break;
            case AddOnMemberUp up:
                AddListener(MemberStatus.Up, up.Callback);
                break;
            case AddOnMemberRemoved removed:
                AddListener(MemberStatus.Removed, removed.Callback);
                break;
            case Terminated terminated when terminated.ActorRef.Equals(_core):
                Context.Stop(Self);
                break;
            default:
                _core.Forward(message);
                break;
        }
    }

    protected override SupervisorStrategy SupervisorStrategy() => new OneForOneStrategy(e =>
    {
        _log.Error(e, "Cluster node [{0}] crashed. Shutting down.", _cluster.SelfAddress);
        Context.Stop(Self);
        return Directive.Stop;
    });

    protected override void PostStop()
    {
        _cluster.HasStopped();
        if (_cluster.Settings.RunCoordinatedShutdownWhenDown)
            CoordinatedShutdown.Get(Context.System).Run(CoordinatedShutdown.ClusterDowningReason.Instance);
    }

    private void StartParts()
    {
        var (cluster, dispatcher) = (_cluster, Context.Props.Dispatcher);
        _publisher = Context.ActorOf(Actor.Props.Create(() => new ClusterEventPublisher(cluster)).WithDispatcher(dispatcher), "publisher");
        Context.ActorOf(Actor.Props.Create(() => new ClusterHeartbeatReceiver(cluster)).WithDispatcher(dispatcher), "heartbeatReceiver");
        Context.ActorOf(Actor.Props.Create(() => new ClusterHeartbeatSender(cluster)).WithDispatcher(dispatcher), "heartbeatSender");
        var publisher = _publisher;
        _core = Context.ActorOf(Actor.Props.Create(() => new ClusterCoreDaemon(cluster, publisher)).WithDispatcher(dispatcher), "core");
        Context.Watch(_core);
    }

    private void AddListener(MemberStatus status, Action callback)
    {
        var cluster = _cluster;
        Context.ActorOf(Actor.Props.Create(() => new MemberStatusListener(cluster, status, callback)).WithDispatcher(Context.Props.Dispatcher));
    }
}

/// <summary>Runs a callback once, when this node has reached a status.</summary>
internal sealed class MemberStatusListener : UntypedActor
{
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly Cluster _cluster;
    private readonly MemberStatus _status;
    private readonly Action _callback;
    private bool _isDone;

    public MemberStatusListener(Cluster cluster, MemberStatus status, Action callback)
    {
        _cluster = cluster;
        _status = status;
        _callback = callback;
    }

    protected override void PreStart() => Context.Parent.Tell(new Subscribe(
        Self, ClusterEvent.InitialStateAsEvents, [_status == MemberStatus.Up ? typeof(ClusterEvent.MemberUp) : typeof(ClusterEvent.MemberRemoved)]));

    protected override void OnReceive(object message)
    {
        if (message is not ClusterEvent.IMemberEvent change || change.Member.UniqueAddress != _cluster.SelfUniqueAddress) return;
        Run();
        Context.Stop(Self);
    }

    protected override void PostStop()
    {
        if (_status == MemberStatus.Removed) Run();   // The cluster of this node ends: there is no other end to wait for.
    }

    private void Run()
    {
        if (_isDone) return;
        _isDone = true;
        try
        {
            _callback();
        }
        catch (Exception e)
        {
            _log.Error(e, "The callback for this node's being {0} has failed.", _status);
        }
    }
}
