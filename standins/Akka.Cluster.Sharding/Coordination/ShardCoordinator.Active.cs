using System.Collections.Immutable;
using Akka.Actor;
using Akka.Event;
using static Akka.Cluster.Sharding.ShardingProtocol;

namespace Akka.Cluster.Sharding.Coordination;

/// <summary>Registration, questions, and the end of regions.</summary>
internal sealed partial class ShardCoordinator
{
    private sealed record RegionIsGone(IActorRef Region) : INoSerializationVerificationNeeded;

    private void BeginActive()
    {
        Become(WhileActive);
        Timers.StartPeriodicTimer(Tick.Rebalance, Tick.Rebalance, _settings.TuningParameters.RebalanceInterval);
        Stash.UnstashAll();
        // What the journal says of regions of nodes that have gone since is over.
        var gone = _state.Regions.Keys.Where(region => !IsMember(region)).ToList();
        foreach (var region in _state.Regions.Keys.Except(gone)) Context.Watch(region);
        if (gone.Count > 0) Update([.. gone.Select(region => new RegionTerminated(region))], AllocateRemembered);
        else AllocateRemembered();
    }

    private void WhileActive(object message)
    {
        switch (message)
        {
            case GetShardHome get:
                FindHome(get.Shard, Sender);
                break;
            case Register register:
                OnRegister(register);
                break;
            case RegisterProxy register:
                if (IsMember(register.Proxy)) AcceptProxy(register.Proxy);
                break;
            case AllocationChosen chosen:
                OnAllocation(chosen);
                break;
            case ShardStarted started:
                Timers.Cancel(new ResendKey(started.Shard));
                break;
            case ResendHostShard resend:
                if (_state.Shards.TryGetValue(resend.Shard, out var home) && home.Equals(resend.Region)) SendHostShard(resend.Shard, resend.Region);
                break;
            case Tick.Rebalance:
                AllocateRemembered();   // Of those that could have no place when they were asked for.
                BeginRebalance();
                break;
            case RebalanceChosen chosen:
                OnRebalance(chosen);
                break;
            case RebalanceDone done:
                OnRebalanceDone(done);
                break;
            case GracefulShutdownRequest request:
                OnGracefulShutdown(request.Region);
                break;
            case Terminated lost:
                OnTerminated(lost);
                break;
            case RegionIsGone gone:
                RemoveRegion(gone.Region);
                break;
            case ClusterEvent.MemberRemoved removed:
                OnRemoved(removed);
                break;
            case GetClusterShardingStats get:
                AnswerStats(get, Sender);
                break;
            case GetCurrentRegions:
                Sender.Tell(new CurrentRegions(_state.Regions.Keys.Select(AddressOf).ToImmutableHashSet()));
                break;
            case Terminate:
                Context.Stop(Self);
                break;
            case ActorIdentity or ClusterEvent.IClusterDomainEvent or ClusterEvent.CurrentClusterState or Tick or ShardHome or ShardStopped:
                break;   // Answers to what is known by now.
            default:
                Unhandled(message);
                break;
        }
    }

    private void OnRegister(Register register)
    {
        if (!IsMember(register.Region))
        {
            _log.Debug("{0}: region [{1}] is of no member yet; it will ask again", _typeName, register.Region);
            return;
        }

        var events = EventsOf(register).ToList();
        if (events.Count > 0) Update(events, Registered);
        else Registered();

        void Registered()
        {
            Accept(register.Region);
            AllocateRemembered();
        }
    }

    private void AcceptProxy(IActorRef proxy)
    {
        if (_proxies.Add(proxy)) Context.Watch(proxy);
        proxy.Tell(new RegisterAck(Self));
    }

    /// <summary>Of a node that was thrown out it is not known whether it has noticed: its shards get time to end.</summary>
    private void OnTerminated(Terminated lost)
    {
        var margin = _cluster.DowningProvider.DownRemovalMargin;
        if (lost.ActorRef.Equals(_store)) Context.Stop(Self);
        else if (_proxies.Remove(lost.ActorRef)) _log.Debug("{0}: proxy [{1}] has gone", _typeName, lost.ActorRef);
        else if (!_state.Regions.ContainsKey(lost.ActorRef)) _log.Debug("{0}: [{1}] was gone already", _typeName, lost.ActorRef);
        else if (!lost.AddressTerminated || margin == TimeSpan.Zero) RemoveRegion(lost.ActorRef);
        else if (_terminating.Add(lost.ActorRef)) Timers.StartSingleTimer(new RegionIsGone(lost.ActorRef), new RegionIsGone(lost.ActorRef), margin);
    }

    /// <summary>A node that has left in order has ended its shards before, whether or not it was still heard to say so.</summary>
    private void OnRemoved(ClusterEvent.MemberRemoved removed)
    {
        if (removed.PreviousStatus != MemberStatus.Exiting) return;
        var region = _state.Regions.Keys.FirstOrDefault(each => AddressOf(each).Equals(removed.Member.Address));
        if (region is null) return;
        Timers.Cancel(new RegionIsGone(region));
        RemoveRegion(region);
    }

    private void RemoveRegion(IActorRef region)
    {
        if (!_state.Regions.TryGetValue(region, out var shards)) return;
        _log.Debug("{0}: region [{1}] has gone with shards [{2}]", _typeName, region, string.Join(", ", shards));
        foreach (var shard in shards) Timers.Cancel(new ResendKey(shard));
        Update([new RegionTerminated(region)], () =>
        {
            _alive.Remove(region);
            _shuttingDown.Remove(region);
            _terminating.Remove(region);
            AllocateRemembered();
        });
    }

    private void AnswerStats(GetClusterShardingStats get, IActorRef asker)
    {
        var asked = _alive.Select(region => (Address: AddressOf(region), Answer: StatsOf(region, get.Timeout))).ToList();
        Task.WhenAll(asked.Select(each => each.Answer)).PipeTo(asker, Self, success: _ => new ClusterShardingStats(asked
            .Where(each => each.Answer.Result is not null)
            .ToImmutableDictionary(each => each.Address, each => each.Answer.Result)));
    }

    /// <summary>Null if the region does not answer in time.</summary>
    private static async Task<ShardRegionStats> StatsOf(IActorRef region, TimeSpan timeout)
    {
        try
        {
            return await region.Ask<ShardRegionStats>(GetShardRegionStats.Instance, timeout).ConfigureAwait(false);
        }
        catch (AskTimeoutException)
        {
            return null;
        }
    }
}
