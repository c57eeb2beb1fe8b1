using System.Collections.Immutable;
using Akka.Actor;
using Akka.Coordination;
using Akka.Dispatch;
using Akka.Event;
using Akka.Remote;

namespace Akka.Cluster.SBR;

/// <summary>
/// Waits until nothing has changed for a while since members became unreachable; then, if this node leads its side, downs whom the
/// strategy says.
/// </summary>
internal sealed partial class SplitBrainResolverActor : UntypedActor, IWithTimers, IRequiresMessageQueue<IUnboundedMessageQueueSemantics>
{
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly Cluster _cluster;
    private readonly SplitBrainResolverSettings _settings;
    private readonly Lease _lease;
    private MembershipState _state;
    private ImmutableHashSet<(UniqueAddress Node, MemberStatus Status, bool IsReachable)> _picture = [];
    private long? _unstableSinceMs;
    private long _changedMs;

    /// <param name="lease">Of lease-majority; null for other strategies.</param>
    public SplitBrainResolverActor(Cluster cluster, SplitBrainResolverSettings settings, Lease lease)
    {
        _cluster = cluster;
        _settings = settings;
        _lease = lease;
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
            case LeaseTick or LeaseAnswer or LeaseReleased:
                OnLeaseMessage(message);
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
        Timers.Cancel(LeaseTick.Ask);
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
        if (_settings.Strategy is LeaseMajority byLease)
        {
            ResolveByLease(byLease);
            return;
        }

        var partition = Partition.Of(_state);
        Carry(partition, _settings.Strategy.Decide(partition), "");
    }

    private void Carry(Partition partition, ImmutableHashSet<UniqueAddress> downed, string condition)
    {
        _log.Warning(
            "SBR took decision by {0} {1} and is downing [{2}]; unreachable are [{3}], indirectly connected [{4}]",
            _settings.Strategy, condition, Text(downed), Text(partition.Unreachable), Text(partition.IndirectlyConnected));
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
