using Akka.Actor;
using Akka.Configuration;
using Akka.Dispatch;
using Akka.Event;

namespace Akka.Cluster.Tools.Singleton;

/// <summary>Passes messages on to a singleton wherever it runs, and keeps them while it runs nowhere.</summary>
public sealed class ClusterSingletonProxy : UntypedActor, IWithTimers, IRequiresMessageQueue<IUnboundedMessageQueueSemantics>
{
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly Cluster _cluster = Cluster.Get(Context.System);
    private readonly string[] _singletonPath;
    private readonly ClusterSingletonProxySettings _settings;
    private readonly Queue<(object Message, IActorRef Sender)> _waiting = [];
    private UniqueAddress _oldest;
    private IActorRef _singleton;
    private int _attempt;

    public ClusterSingletonProxy(string singletonManagerPath, ClusterSingletonProxySettings settings)
    {
        _singletonPath = [.. singletonManagerPath.Split('/', StringSplitOptions.RemoveEmptyEntries), settings.SingletonName];
        _settings = settings;
    }

    public ITimerScheduler Timers { get; set; }

    public static Config DefaultConfig() => ClusterSingletonManager.DefaultConfig();

    /// <param name="singletonManagerPath">The manager's path, the same on all nodes, such as <c>/user/manager</c>.</param>
    public static Props Props(string singletonManagerPath, ClusterSingletonProxySettings settings) =>
        Actor.Props.Create(() => new ClusterSingletonProxy(singletonManagerPath, settings)).WithDeploy(Deploy.Local);

    protected override void PreStart() => _cluster.Subscribe(Self, ClusterEvent.InitialStateAsEvents, typeof(ClusterEvent.StateChanged));

    protected override void PostStop() => _cluster.Unsubscribe(Self);

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case ClusterEvent.StateChanged changed:
                Follow(SingletonView.Oldest(changed.State, _settings.Role)?.UniqueAddress);
                break;
            case TryToIdentify:
                Identify();
                break;
            case ActorIdentity { MessageId: int attempt, Subject: { } singleton } when attempt == _attempt:
                Found(singleton);
                break;
            case ActorIdentity:
                break;   // Nobody there yet, or an answer of before.
            case Terminated terminated when terminated.ActorRef.Equals(_singleton):
                Lose();
                Seek();
                break;
            case Terminated:
                break;   // Of one before.
            default:
                Pass(message);
                break;
        }
    }

    private void Follow(UniqueAddress oldest)
    {
        if (oldest == _oldest) return;
        _oldest = oldest;
        Lose();
        if (oldest is null) Timers.CancelAll();
        else Seek();
    }

    private void Lose()
    {
        if (_singleton is not null) Context.Unwatch(_singleton);
        _singleton = null;
        _attempt++;
    }

    private void Seek() => Timers.StartPeriodicTimer(nameof(TryToIdentify), TryToIdentify.Instance, TimeSpan.Zero, _settings.SingletonIdentificationInterval);

    private void Identify()
    {
        if (_oldest is null || _singleton is not null) return;
        Context.ActorSelection(new RootActorPath(_oldest.Address) / _singletonPath).Tell(new Identify(_attempt), Self);
    }

    private void Found(IActorRef singleton)
    {
        _log.Info("Singleton identified at [{0}]", singleton.Path);
        _singleton = Context.Watch(singleton);
        Timers.CancelAll();
        while (_waiting.TryDequeue(out var next)) singleton.Tell(next.Message, next.Sender);
    }

    private void Pass(object message)
    {
        if (_singleton is not null)
        {
            _singleton.Forward(message);
            return;
        }

        if (_settings.BufferSize == 0)
        {
            Context.System.DeadLetters.Tell(new DeadLetter(message, Sender, Self), Sender);
            return;
        }

        if (_waiting.Count == _settings.BufferSize)
        {
            var dropped = _waiting.Dequeue();
            Context.System.DeadLetters.Tell(new DeadLetter(dropped.Message, dropped.Sender, Self), dropped.Sender);
        }

        _waiting.Enqueue((message, Sender));
    }

    private sealed class TryToIdentify
    {
        public static readonly TryToIdentify Instance = new();
    }
}
