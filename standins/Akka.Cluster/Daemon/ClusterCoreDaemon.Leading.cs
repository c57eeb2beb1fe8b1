using Akka.Actor;
using static Akka.Cluster.ClusterProtocol;

namespace Akka.Cluster;

internal sealed partial class ClusterCoreDaemon
{
    /// <summary>How often a node that is down tries to tell others so before it ends.</summary>
    private const int TicksBeforeDownEnds = 4;

    private readonly MinimumMembers _minimum;
    private readonly HashSet<UniqueAddress> _exitingConfirmed = [];
    private int _ticksWithoutConvergence;
    private int _ticksDown;

    private void OnLeaderTick()
    {
        if (_state.IsSelfDown)
        {
            EndWhenDown();
            return;
        }

        if (!_state.IsLeader) return;
        if (_state.IsConverged(_exitingConfirmed))
        {
            _ticksWithoutConvergence = 0;
            LeaderActs();
            return;
        }

        _ticksWithoutConvergence++;
        if (Settings.WeaklyUpAfter is { } after && Settings.LeaderActionsInterval * _ticksWithoutConvergence >= after) LetInWeakly();
    }

    private void LeaderActs()
    {
        if (!_state.IsLeader || _state.IsSelfDown || !_state.IsConverged(_exitingConfirmed)) return;
        var nowMs = NowMs;
        var changed = LeaderActions.OnConvergence(
            _state, _exitingConfirmed, _minimum, nowMs, nowMs - (long)Settings.PruneGossipTombstonesAfter.TotalMilliseconds);
        if (ReferenceEquals(changed, Gossip)) return;
        LogMoves(changed);
        _exitingConfirmed.RemoveWhere(node => !changed.HasMember(node));
        Change(changed);
    }

    private void LetInWeakly()
    {
        var changed = LeaderActions.WithoutConvergence(_state, _minimum);
        if (ReferenceEquals(changed, Gossip)) return;
        LogMoves(changed);
        Change(changed);
    }

    private void LogMoves(Gossip changed)
    {
        foreach (var member in changed.Members.Values)
        {
            if (Gossip.Members[member.UniqueAddress].Status != member.Status)
                LogInfo("Leader is moving node [{0}] to [{1}]", member.Address, member.Status);
        }

        foreach (var member in _state.Members.Where(member => !changed.HasMember(member.UniqueAddress)))
            LogInfo("Leader is removing [{0}] node [{1}]", member.Status, member.Address);
    }

    /// <summary>This node is to go: its own tasks come first.</summary>
    private void BeginExit()
    {
        if (_isExiting) return;
        _isExiting = true;
        LogInfo("Exiting, starting coordinated shutdown");
        _cluster.SelfExiting.TrySetResult(Done.Instance);
        CoordinatedShutdown.Get(Context.System).Run(CoordinatedShutdown.ClusterLeavingReason.Instance);
    }

    /// <summary>Its tasks have ended: whoever leads now, or next, may remove it.</summary>
    private void SayGoodbye()
    {
        LogInfo("Exiting completed");
        var leaders = _state.Members
            .Where(member => _state.IsGossipTarget(member.UniqueAddress) && member.Status != MemberStatus.Down)
            .Order(Member.LeaderStatusOrdering)
            .Take(PassOnTo);
        foreach (var member in leaders) DaemonAt(member.Address).Tell(new ExitingConfirmed(_self), Self);
        Sender.Tell(Done.Instance);
    }

    private void Confirm(UniqueAddress node)
    {
        if (!Gossip.HasMember(node)) return;
        LogInfo("Exiting confirmed [{0}]", node.Address);
        _exitingConfirmed.Add(node);
        LeaderActs();
    }

    /// <summary>This node was thrown out. It ends when the others know, or when it has tried for long enough.</summary>
    private void EndWhenDown()
    {
        var othersKnow = _state.Members.All(member =>
            member.UniqueAddress == _self || !_state.IsGossipTarget(member.UniqueAddress) || Gossip.SeenBy.Contains(member.UniqueAddress));
        if (++_ticksDown < TicksBeforeDownEnds && !othersKnow)
        {
            PassOn();
            return;
        }

        LogInfo("Node has been marked as DOWN. Shutting down myself");
        _cluster.Shutdown();
    }
}
