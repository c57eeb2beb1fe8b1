using Akka.Actor;
using Akka.Dispatch;
using Akka.Dispatch.SysMsg;
using Akka.Event;

namespace Akka.Remote;

/// <summary>
/// Watches remote actors for all who watch them from this system, and follows their nodes by heartbeat: an actor may end with its
/// node, and then nobody is left to tell. A node whose heartbeat fails is quarantined, and its actors count as terminated.
/// </summary>
public class RemoteWatcher : UntypedActor, IRequiresMessageQueue<IUnboundedMessageQueueSemantics>
{
    private readonly IFailureDetectorRegistry<Address> _failureDetector;
    private readonly TimeSpan _heartbeatExpectedResponseAfter;
    private readonly IRemoteActorRefProvider _provider;
    private readonly HeartbeatRsp _ownRsp;
    private readonly Dictionary<IInternalActorRef, HashSet<IInternalActorRef>> _watching = [];
    private readonly Dictionary<Address, HashSet<IInternalActorRef>> _watcheesByNode = [];
    private readonly Dictionary<Address, int> _uids = [];
    private readonly HashSet<Address> _unreachable = [];
    private readonly ICancelable _timers = new Cancelable(Context.System.Scheduler);

    public RemoteWatcher(
        IFailureDetectorRegistry<Address> failureDetector, TimeSpan heartbeatInterval, TimeSpan unreachableReaperInterval, TimeSpan heartbeatExpectedResponseAfter)
    {
        _failureDetector = failureDetector;
        _heartbeatExpectedResponseAfter = heartbeatExpectedResponseAfter;
        _provider = (IRemoteActorRefProvider)((ExtendedActorSystem)Context.System).Provider;
        _ownRsp = new HeartbeatRsp(AddressUidExtension.Uid(Context.System));
        var scheduler = Context.System.Scheduler;
        scheduler.ScheduleTellRepeatedly(heartbeatInterval, heartbeatInterval, Self, HeartbeatTick.Instance, Self, _timers);
        scheduler.ScheduleTellRepeatedly(unreachableReaperInterval, unreachableReaperInterval, Self, ReapUnreachableTick.Instance, Self, _timers);
    }

    protected ILoggingAdapter Log { get; } = Context.GetLogger();

    protected IReadOnlyCollection<Address> UnreachableNodes => _unreachable;

    public static Props Props(RemoteSettings settings, IFailureDetectorRegistry<Address> failureDetector) => Actor.Props.Create(() => new RemoteWatcher(
        failureDetector, settings.WatchHeartBeatInterval, settings.WatchUnreachableReaperInterval, settings.WatchHeartbeatExpectedResponseAfter));

    protected override void PostStop() => _timers.Cancel();

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case HeartbeatTick:
                SendHeartbeats();
                break;
            case Heartbeat:
                Sender.Tell(_ownRsp);
                break;
            case HeartbeatRsp rsp:
                ReceiveHeartbeatRsp(Sender.Path.Address, rsp.AddressUid);
                break;
            case ReapUnreachableTick:
                ReapUnreachable();
                break;
            case ExpectedFirstHeartbeat first:
                TriggerFirstHeartbeat(first.From);
                break;
            case WatchRemote watch:
                AddWatch(watch.Watchee, watch.Watcher);
                break;
            case UnwatchRemote unwatch:
                RemoveWatch(unwatch.Watchee, unwatch.Watcher);
                break;
            case Terminated terminated:
                PassOn(terminated);
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    /// <summary>Begins to follow the node of a watched actor, if it is not followed yet.</summary>
    protected virtual void WatchNode(IInternalActorRef watchee)
    {
        var node = watchee.Path.Address;
        if (_unreachable.Remove(node)) _failureDetector.Remove(node);   // The watch itself will show whether it is back.
        if (!_watcheesByNode.TryGetValue(node, out var watchees))
        {
            _watcheesByNode[node] = watchees = [];
            if (!_failureDetector.IsMonitoring(node)) SendFirstHeartbeat(node);
        }

        watchees.Add(watchee);
    }

    /// <summary>Somebody else follows the node from here on; watches on its actors remain.</summary>
    protected void StopFollowing(Address node)
    {
        _watcheesByNode.Remove(node);
        _uids.Remove(node);
        _unreachable.Remove(node);
        _failureDetector.Remove(node);
    }

    protected virtual void Quarantine(Address address, int? uid) => _provider.Quarantine(address, uid);

    /// <summary>The node is lost with all its actors.</summary>
    protected void PublishAddressTerminated(Address address) => AddressTerminatedTopic.Get(Context.System).Publish(new AddressTerminated(address));

    private void AddWatch(IInternalActorRef watchee, IInternalActorRef watcher)
    {
        if (!_watching.TryGetValue(watchee, out var watchers)) _watching[watchee] = watchers = [];
        watchers.Add(watcher);
        WatchNode(watchee);
        Context.Watch(watchee);
    }

    private void RemoveWatch(IInternalActorRef watchee, IInternalActorRef watcher)
    {
        if (!_watching.TryGetValue(watchee, out var watchers)) return;
        watchers.Remove(watcher);
        if (watchers.Count > 0) return;
        Forget(watchee);
        Context.Unwatch(watchee);
    }

    private void PassOn(Terminated terminated)
    {
        var watchee = (IInternalActorRef)terminated.ActorRef;
        // When a node was lost, its watchers have heard of it themselves.
        if (_watching.TryGetValue(watchee, out var watchers) && !terminated.AddressTerminated)
        {
            foreach (var watcher in watchers)
                watcher.SendSystemMessage(new DeathWatchNotification(watchee, terminated.ExistenceConfirmed, addressTerminated: false));
        }

        Forget(watchee);
    }

    private void Forget(IInternalActorRef watchee)
    {
        _watching.Remove(watchee);
        var node = watchee.Path.Address;
        if (!_watcheesByNode.TryGetValue(node, out var watchees)) return;
        watchees.Remove(watchee);
        if (watchees.Count > 0) return;
        _watcheesByNode.Remove(node);
        _uids.Remove(node);
        _failureDetector.Remove(node);
    }

    private void SendHeartbeats()
    {
        foreach (var node in _watcheesByNode.Keys)
        {
            if (_unreachable.Contains(node)) continue;
            if (_failureDetector.IsMonitoring(node)) SendHeartbeat(node);
            else SendFirstHeartbeat(node);
        }
    }

    private void SendFirstHeartbeat(Address node)
    {
        SendHeartbeat(node);
        Context.System.Scheduler.ScheduleTellOnce(_heartbeatExpectedResponseAfter, Self, new ExpectedFirstHeartbeat(node), Self, _timers);
    }

    private void SendHeartbeat(Address node) => Context.ActorSelection(new RootActorPath(node) / Self.Path.Elements).Tell(Heartbeat.Instance, Self);

    /// <summary>It has not answered at all: from here on it is measured as if it had just now.</summary>
    private void TriggerFirstHeartbeat(Address node)
    {
        if (!_watcheesByNode.ContainsKey(node) || _failureDetector.IsMonitoring(node)) return;
        _failureDetector.Heartbeat(node);
    }

    private void ReceiveHeartbeatRsp(Address node, int uid)
    {
        if (!_watcheesByNode.TryGetValue(node, out var watchees) || _unreachable.Contains(node)) return;
        if (!_uids.TryGetValue(node, out var known) || known != uid)
        {
            // Another system than the one that was asked to watch, perhaps.
            foreach (var watchee in watchees) watchee.SendSystemMessage(new Watch(watchee, (IInternalActorRef)Self));
        }

        _uids[node] = uid;
        _failureDetector.Heartbeat(node);
    }

    private void ReapUnreachable()
    {
        foreach (var node in _watcheesByNode.Keys.ToList())
        {
            if (_unreachable.Contains(node) || _failureDetector.IsAvailable(node)) continue;
            Log.Warning("Detected unreachable: [{0}]", node);
            _unreachable.Add(node);
            Quarantine(node, _uids.TryGetValue(node, out var uid) ? uid : null);
            PublishAddressTerminated(node);
        }
    }

    public sealed class WatchRemote(IInternalActorRef watchee, IInternalActorRef watcher) : INoSerializationVerificationNeeded
    {
        public IInternalActorRef Watchee { get; } = watchee;

        public IInternalActorRef Watcher { get; } = watcher;
    }

    public sealed class UnwatchRemote(IInternalActorRef watchee, IInternalActorRef watcher) : INoSerializationVerificationNeeded
    {
        public IInternalActorRef Watchee { get; } = watchee;

        public IInternalActorRef Watcher { get; } = watcher;
    }

    /// <summary>Are you there?</summary>
    public sealed class Heartbeat : IPriorityMessage
    {
        public static readonly Heartbeat Instance = new();

        private Heartbeat()
        {
        }
    }

    public sealed class HeartbeatRsp(int addressUid) : IPriorityMessage
    {
        public int AddressUid { get; } = addressUid;
    }

    internal sealed class HeartbeatTick
    {
        public static readonly HeartbeatTick Instance = new();
    }

    internal sealed class ReapUnreachableTick
    {
        public static readonly ReapUnreachableTick Instance = new();
    }

    internal sealed class ExpectedFirstHeartbeat(Address from)
    {
        public Address From { get; } = from;
    }
}

/// <summary>Of the engine's own traffic, on which the judgement of others' health rests.</summary>
public interface IPriorityMessage;
