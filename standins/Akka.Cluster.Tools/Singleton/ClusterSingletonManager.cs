using Akka.Actor;
using Akka.Configuration;
using Akka.Dispatch;
using Akka.Event;

namespace Akka.Cluster.Tools.Singleton;

/// <summary>
/// Runs an actor on one node of the cluster: the oldest of a role. There is a manager on each; when the oldest goes, its manager
/// stops the actor, and that of the next one starts it when it knows that no other runs it.
/// </summary>
public sealed class ClusterSingletonManager : UntypedActor, IWithTimers, IRequiresMessageQueue<IUnboundedMessageQueueSemantics>
{
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly Cluster _cluster = Cluster.Get(Context.System);
    private readonly Props _singletonProps;
    private readonly object _terminationMessage;
    private readonly ClusterSingletonManagerSettings _settings;
    private readonly TimeSpan _removalMargin;
    private readonly HashSet<UniqueAddress> _handedOver = [];
    private readonly HashSet<UniqueAddress> _lost = [];
    private readonly HashSet<IActorRef> _successors = [];
    private readonly TaskCompletionSource<Done> _mayExit = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private MembershipState _state;
    private IActorRef _singleton;
    private bool _isStopping;
    private bool _isLeaving;

    public ClusterSingletonManager(Props singletonProps, object terminationMessage, ClusterSingletonManagerSettings settings)
    {
        ToolsDefaults.ForSingleton(Context.System);
        _singletonProps = singletonProps;
        _terminationMessage = terminationMessage;
        _settings = settings;
        _removalMargin = settings.RemovalMargin > TimeSpan.Zero ? settings.RemovalMargin : _cluster.DowningProvider.DownRemovalMargin;
        if (settings.Role is not null && !_cluster.SelfRoles.Contains(settings.Role))
            throw new ArgumentException($"This cluster member [{_cluster.SelfAddress}] doesn't have the role [{settings.Role}]", nameof(settings));
        AskToStopBeforeExit();
    }

    public ITimerScheduler Timers { get; set; }

    public static Config DefaultConfig() =>
        ConfigurationFactory.FromResource("Akka.Cluster.Tools.Singleton.singleton.conf", typeof(ClusterSingletonManager).Assembly);

    public static Props Props(Props singletonProps, ClusterSingletonManagerSettings settings) => Props(singletonProps, PoisonPill.Instance, settings);

    /// <param name="terminationMessage">What the singleton gets when it is to end; it must stop itself then.</param>
    public static Props Props(Props singletonProps, object terminationMessage, ClusterSingletonManagerSettings settings) =>
        Actor.Props.Create(() => new ClusterSingletonManager(singletonProps, terminationMessage, settings)).WithDeploy(Deploy.Local);

    protected override void PreStart() => _cluster.Subscribe(Self, ClusterEvent.InitialStateAsEvents, typeof(ClusterEvent.StateChanged));

    protected override void PostStop()
    {
        _cluster.Unsubscribe(Self);
        _mayExit.TrySetResult(Done.Instance);
    }

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case ClusterEvent.StateChanged changed:
                Follow(changed.State);
                break;
            case HandOverToMe:
                HandOver();
                break;
            case HandOverDone:
                if (_state?.Gossip.MemberAt(Sender.Path.Address) is { } predecessor) _handedOver.Add(predecessor.UniqueAddress);
                Act();
                break;
            case HandOverInProgress:
                break;   // Asked again by and by, lest its end get lost.
            case RetryTick:
                Act();
                break;
            case MarginIsOver margin:
                _lost.Remove(margin.Node);
                Act();
                break;
            case StopBeforeExit:
                _isLeaving = true;
                Stop();
                if (!_isStopping) _mayExit.TrySetResult(Done.Instance);
                break;
            case Terminated terminated when terminated.ActorRef.Equals(_singleton):
                HasStopped();
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    private void AskToStopBeforeExit()
    {
        var (self, cluster, mayExit) = (Self, _cluster, _mayExit);
        CoordinatedShutdown.Get(Context.System).AddTask(CoordinatedShutdown.PhaseClusterExiting, $"singleton-exiting-{Self.Path.Name}", async () =>
        {
            if (cluster.IsTerminated || cluster.SelfMember.Status is MemberStatus.Down or MemberStatus.Removed) return Done.Instance;
            self.Tell(StopBeforeExit.Instance);
            return await mayExit.Task.ConfigureAwait(false);
        });
    }

    private void Follow(MembershipState state)
    {
        if (_state is not null)
        {
            foreach (var member in _state.Members.Where(member => !state.Gossip.HasMember(member.UniqueAddress))) NoteRemoval(member);
        }

        _state = state;
        Act();
    }

    /// <summary>Of a node that was thrown out it is not known whether it has noticed: what it ran gets time to end.</summary>
    private void NoteRemoval(Member member)
    {
        _handedOver.Remove(member.UniqueAddress);
        if (member.Status == MemberStatus.Exiting || member.UniqueAddress == _cluster.SelfUniqueAddress || !SingletonView.IsOf(member, _settings.Role)) return;
        if (_state.SelfMember is { } self && !member.IsOlderThan(self)) return;
        if (_removalMargin <= TimeSpan.Zero || !_lost.Add(member.UniqueAddress)) return;
        Timers.StartSingleTimer(member.UniqueAddress, new MarginIsOver(member.UniqueAddress), _removalMargin);
    }

    /// <summary>Starts or stops the singleton, or asks those that may still run it.</summary>
    private void Act()
    {
        Timers.Cancel(nameof(RetryTick));
        var isMine = !_isLeaving && _state is not null && SingletonView.Oldest(_state, _settings.Role)?.UniqueAddress == _state.Self;
        if (!isMine)
        {
            Stop();
            return;
        }

        if (_singleton is not null || _isStopping) return;
        var waitingFor = SingletonView.Predecessors(_state, _settings.Role).Where(member => !_handedOver.Contains(member.UniqueAddress)).ToList();
        if (waitingFor.Count == 0 && _lost.Count == 0)
        {
            Start();
            return;
        }

        foreach (var member in waitingFor)
            Context.ActorSelection(new RootActorPath(member.Address) / Self.Path.Elements).Tell(HandOverToMe.Instance, Self);
        Timers.StartSingleTimer(nameof(RetryTick), RetryTick.Instance, _settings.HandOverRetryInterval);
    }

    private void Start()
    {
        _log.Info("Singleton manager starting singleton actor [{0}/{1}]", Self.Path, _settings.SingletonName);
        _singleton = Context.Watch(Context.ActorOf(_singletonProps, _settings.SingletonName));
    }

    private void Stop()
    {
        if (_singleton is null || _isStopping) return;
        _log.Info("Singleton manager stopping singleton actor [{0}]", _singleton.Path);
        _isStopping = true;
        _singleton.Tell(_terminationMessage);
    }

    /// <summary>Another node sees this one on its way out, so that there is no way back.</summary>
    private void HandOver()
    {
        _isLeaving = true;
        Stop();
        if (_isStopping)
        {
            _successors.Add(Sender);
            Sender.Tell(HandOverInProgress.Instance);
        }
        else
        {
            Sender.Tell(HandOverDone.Instance);
        }
    }

    private void HasStopped()
    {
        if (!_isStopping)
        {
            _log.Info("Singleton actor [{0}] was terminated", _singleton.Path);   // By its own will: it stays ended here.
            return;
        }

        _singleton = null;
        _isStopping = false;
        foreach (var successor in _successors) successor.Tell(HandOverDone.Instance);
        _successors.Clear();
        if (_isLeaving) _mayExit.TrySetResult(Done.Instance);
        Act();
    }

    private sealed class RetryTick
    {
        public static readonly RetryTick Instance = new();
    }

    private sealed class StopBeforeExit : INoSerializationVerificationNeeded
    {
        public static readonly StopBeforeExit Instance = new();
    }

    private sealed record MarginIsOver(UniqueAddress Node);
}
