using System.Collections.Immutable;
using Akka.Actor;
using Akka.Event;
using static Akka.Cluster.ClusterProtocol;

namespace Akka.Cluster;

internal sealed partial class ClusterCoreDaemon
{
    private ImmutableList<Address> _seedNodes = [];
    private IActorRef _seedProcess;
    private Address _joinWith;
    private long _joinDeadlineMs = long.MaxValue;
    private long _giveUpMs = long.MaxValue;

    /// <summary>Not a member of any cluster, and not about to be.</summary>
    private void Outside(object message)
    {
        switch (message)
        {
            case InitJoin:
                Sender.Tell(new InitJoinNack(_self.Address));
                break;
            case JoinTo join:
                BeginJoin(join.Address);
                break;
            case JoinSeedNodes seeds:
                BeginSeeds(seeds.SeedNodes);
                break;
            case GossipTick:
                CheckJoin();
                break;
            case Leave or Down:
                _log.Info("Cluster Node [{0}] is no member of a cluster, ignoring {1}", _self.Address, message);
                break;
            case ExitingCompleted:
                Sender.Tell(Done.Instance);
                break;
            default:
                break;   // Gossip and joins of others: there is nothing here to tell or to let in to.
        }
    }

    /// <summary>Asked another node to let this one in.</summary>
    private void Joining(object message)
    {
        switch (message)
        {
            case Welcome welcome when _joinWith.Equals(welcome.From.Address):
                Enter(welcome);
                break;
            case Welcome welcome:
                LogInfo("Ignoring welcome from [{0}] when trying to join with [{1}]", welcome.From.Address, _joinWith);
                break;
            case JoinTo join when join.Address.Equals(_joinWith):
                break;
            default:
                Outside(message);
                break;
        }
    }

    private void BeginJoin(Address address)
    {
        if (address.Protocol != _self.Address.Protocol || address.System != _self.Address.System)
        {
            _log.Warning(
                "Trying to join member with wrong ActorSystem name or protocol, but was ignored: expected [{0}://{1}] but was [{2}://{3}]",
                _self.Address.Protocol, _self.Address.System, address.Protocol, address.System);
            return;
        }

        EndSeeds();
        if (address.Equals(_self.Address))
        {
            Become(Inside);
            LetIn(new Join(_self, Settings.Roles, Settings.AppVersion));
            return;
        }

        _joinWith = address;
        _joinDeadlineMs = Settings.RetryUnsuccessfulJoinAfter is { } after ? Environment.TickCount64 + (long)after.TotalMilliseconds : long.MaxValue;
        Become(Joining);
        AskToJoin();
    }

    private void AskToJoin() => DaemonAt(_joinWith).Tell(new Join(_self, Settings.Roles, Settings.AppVersion), Self);

    private void BeginSeeds(ImmutableList<Address> seeds)
    {
        if (seeds.IsEmpty) return;
        foreach (var wrong in seeds.Where(seed => seed.System != _self.Address.System || seed.Protocol != _self.Address.Protocol))
            _log.Warning("The seed node [{0}] is of another cluster: the system and protocol of this one are [{1}://{2}].", wrong, _self.Address.Protocol, _self.Address.System);
        _joinWith = null;
        _seedNodes = seeds;
        if (Settings.ShutdownAfterUnsuccessfulJoinSeedNodes is { } limit && _giveUpMs == long.MaxValue)
            _giveUpMs = Environment.TickCount64 + (long)limit.TotalMilliseconds;
        EndSeeds();
        if (seeds.Count == 1 && seeds[0].Equals(_self.Address))
        {
            BeginJoin(_self.Address);
            return;
        }

        Become(Outside);
        _seedProcess = Context.ActorOf(SeedNodeProcess.Props(_self.Address, seeds, Settings.SeedNodeTimeout));
    }

    private void EndSeeds()
    {
        if (_seedProcess is not null) Context.Stop(_seedProcess);
        _seedProcess = null;
    }

    /// <summary>Asks again as long as there is no answer; by and by through the seed nodes, of which another may be up now.</summary>
    private void CheckJoin()
    {
        if (Environment.TickCount64 >= _giveUpMs)
        {
            _log.Warning(
                "Joining of seed-nodes [{0}] was unsuccessful after configured shutdown-after-unsuccessful-join-seed-nodes [{1}]. Running CoordinatedShutdown.",
                string.Join(", ", _seedNodes), Settings.ShutdownAfterUnsuccessfulJoinSeedNodes);
            _giveUpMs = long.MaxValue;
            CoordinatedShutdown.Get(Context.System).Run(CoordinatedShutdown.ClusterJoinUnsuccessfulReason.Instance);
            return;
        }

        if (_joinWith is null) return;
        if (Environment.TickCount64 < _joinDeadlineMs)
        {
            AskToJoin();
            return;
        }

        LogInfo("Joining [{0}] was unsuccessful after {1}; trying again", _joinWith, Settings.RetryUnsuccessfulJoinAfter);
        if (_seedNodes.IsEmpty) BeginJoin(_joinWith);
        else BeginSeeds(_seedNodes);
    }

    private void Enter(Welcome welcome)
    {
        LogInfo("Welcome from [{0}]", welcome.From.Address);
        EndSeeds();
        _joinWith = null;
        _giveUpMs = long.MaxValue;
        Become(Inside);
        Take(welcome.Gossip.AddSeen(_self));
        SendGossip(welcome.From);
        PassOn();
    }

    private void LetIn(Join join)
    {
        if (join.Node.Address.Protocol != _self.Address.Protocol || join.Node.Address.System != _self.Address.System)
        {
            _log.Warning("Member with wrong ActorSystem name or protocol tried to join, but was ignored: [{0}]", join.Node.Address);
            return;
        }

        if (_state.SelfMember?.Status is MemberStatus.Down or MemberStatus.Exiting)
        {
            LogInfo("Trying to join [{0}] to [{1}] member, ignoring. Use a member that is Up instead.", join.Node, _state.SelfMember.Status);
            return;
        }

        var known = Gossip.MemberAt(join.Node.Address);
        if (known is null) Add(join);
        else if (known.UniqueAddress != join.Node) ReplaceIncarnation(known);
        else if (join.Node != _self) Sender.Tell(new Welcome(_self, Gossip));
    }

    private void Add(Join join)
    {
        if (Gossip.Tombstones.ContainsKey(join.Node))
        {
            _log.Warning("[{0}] was removed from the cluster and tries to join again; it must be restarted first.", join.Node);
            return;
        }

        LogInfo("Node [{0}] is JOINING, roles [{1}], version [{2}]", join.Node.Address, string.Join(", ", join.Roles), join.AppVersion);
        var changed = Gossip.With(Member.Create(join.Node, join.Roles, join.AppVersion));
        if (join.Node == _self)
        {
            Change(changed);
            return;
        }

        Take(changed.ChangedBy(_self));
        Sender.Tell(new Welcome(_self, Gossip));
        PassOn();
        LeaderActs();
    }

    /// <summary>The system was restarted before the cluster noticed: the old incarnation cannot live, and the new one asks again.</summary>
    private void ReplaceIncarnation(Member old)
    {
        LogInfo("New incarnation of existing member [{0}] is trying to join. Existing will be removed from the cluster, and the new member allowed to join then.", old);
        var member = old.Status == MemberStatus.Down ? old : old.Copy(MemberStatus.Down);
        var reachability = Gossip.Reachability.Terminated(_self, old.UniqueAddress);
        if (ReferenceEquals(member, old) && ReferenceEquals(reachability, Gossip.Reachability)) return;
        Change(Gossip.With(member) with { Reachability = reachability });
    }
}
