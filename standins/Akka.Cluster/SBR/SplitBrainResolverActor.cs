using System.Collections.Immutable;
using Akka.Actor;
using Akka.Dispatch;
using Akka.Event;
using Akka.Remote;

namespace Akka.Cluster.SBR;

/// <summary>
/// Waits until nothing has changed for a while since members became unreachable; then, if this node leads its side, downs whom the
/// strategy says.
/// </summary>
internal sealed class SplitBrainResolverActor : UntypedActor, IWithTimers, IRequiresMessageQueue<IUnboundedMessageQueueSemantics>
{
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly Cluster _cluster;
    private readonly SplitBrainResolverSettings _settings;
    private MembershipState _state;
    private ImmutableHashSet<(UniqueAddress Node, MemberStatus Status, bool IsReachable)> _picture = [];
    private long? _unstableSinceMs;
    private long _changedMs;

    public SplitBrainResolverActor(Cluster cluster, SplitBrainResolverSettings settings)
    {
        _cluster = cluster;
        _settings = settings;
    }

    public ITimerScheduler Timers { get; set; }

    protected override void PreStart()
    {
        _log.Info("SBR started. Strategy: {0}. Stable after: {1}. Down all when unstable: {2}.", _settings.Strategy, _settings.StableAfter, _settings.DownAllWhenUnstable);
        _cluster.Subscribe(Self, ClusterEvent.InitialStateAsEvents, typeof(ClusterEvent.StateChanged));
        Context.System.EventStream.Subscribe(Self, typeof(ThisActorSystemQuarantinedEvent));
    }

    protected override void PostStop() => Context.System.EventStream.Unsubscribe(Self);

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case ClusterEvent.StateChanged changed:
                Follow(changed.State);
                break;
            case Stable:
                Resolve();
                break;
            case ThisActorSystemQuarantinedEvent quarantined:
                EndIfQuarantinedBy(quarantined.RemoteAddress);
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    private void Follow(MembershipState state)
    {
        _state = state;
        var unreachable = state.UnreachableMembers.Select(member => member.UniqueAddress).ToHashSet();
        ImmutableHashSet<(UniqueAddress, MemberStatus, bool)> picture =
            [.. state.Members.Select(member => (member.UniqueAddress, member.Status, !unreachable.Contains(member.UniqueAddress)))];
        if (picture.SetEquals(_picture)) return;
        _picture = picture;
        if (unreachable.Count == 0)
        {
            _unstableSinceMs = null;
            Timers.Cancel(nameof(Stable));
            return;
        }

        NoteChange();
        Timers.StartSingleTimer(nameof(Stable), Stable.Instance, _settings.StableAfter);
    }

    private void NoteChange()
    {
        var nowMs = Environment.TickCount64;
        if (_settings.DownAllWhenUnstable is { } more)
        {
            var limitMs = (long)(_settings.StableAfter + more).TotalMilliseconds;
            if (_unstableSinceMs is null || nowMs - _changedMs > limitMs) _unstableSinceMs = nowMs;
            if (nowMs - _unstableSinceMs > limitMs && MayDecide())
            {
                _log.Warning("SBR found the cluster unstable for {0}; it downs all members.", _settings.StableAfter + more);
                _unstableSinceMs = null;
                Down(Partition.Of(_state).All);
            }
        }

        _changedMs = nowMs;
    }

    private void Resolve()
    {
        if (!MayDecide()) return;
        var partition = Partition.Of(_state);
        var downed = _settings.Strategy.Decide(partition);
        _log.Warning(
            "SBR took decision by {0} and is downing [{1}]; unreachable are [{2}], indirectly connected [{3}]",
            _settings.Strategy, Text(downed), Text(partition.Unreachable), Text(partition.IndirectlyConnected));
        _unstableSinceMs = null;
        Down(downed);
        Timers.StartSingleTimer(nameof(Stable), Stable.Instance, _settings.StableAfter);   // If it did not help: nothing may change any more.
    }

    /// <summary>One on each side decides. A node that came only now has nothing to say.</summary>
    private bool MayDecide() => _state is { IsLeader: true, SelfMember.Status: MemberStatus.Up or MemberStatus.Leaving } && _state.UnreachableMembers.Any();

    private void Down(ImmutableHashSet<UniqueAddress> nodes)
    {
        foreach (var node in nodes.Where(node => node != _cluster.SelfUniqueAddress)) _cluster.Down(node.Address);
        if (nodes.Contains(_cluster.SelfUniqueAddress)) _cluster.Down(_cluster.SelfAddress);   // The last, since nobody listens to it then.
    }

    private void EndIfQuarantinedBy(Address remote)
    {
        if (_state?.Gossip.MemberAt(remote) is not { Status: not MemberStatus.Down }) return;
        _log.Warning("SBR is downing this node: it is quarantined by [{0}], so a part of the cluster has gone on without it.", remote);
        _cluster.Down(_cluster.SelfAddress);
    }

    private static string Text(IEnumerable<UniqueAddress> nodes) => string.Join(", ", nodes.Select(node => node.Address));

    private sealed class Stable
    {
        public static readonly Stable Instance = new();
    }
}
