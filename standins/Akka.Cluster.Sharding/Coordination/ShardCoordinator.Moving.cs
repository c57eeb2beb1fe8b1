using System.Collections.Immutable;
using Akka.Actor;
using Akka.Event;
using static Akka.Cluster.Sharding.ShardingProtocol;

namespace Akka.Cluster.Sharding.Coordination;

/// <summary>Shards get a place, and another one.</summary>
internal sealed partial class ShardCoordinator
{
    private readonly HashSet<IActorRef> _shuttingDown = [];
    private readonly HashSet<IActorRef> _terminating = [];

    /// <summary>Who waits for a shard that is being given a place, or is on the move.</summary>
    private readonly Dictionary<string, HashSet<IActorRef>> _allocating = [];
    private readonly Dictionary<string, HashSet<IActorRef>> _moving = [];
    private bool _isChoosing;
    private int _workers;

    private sealed record ResendKey(string Shard);

    private sealed record ResendHostShard(string Shard, IActorRef Region) : INoSerializationVerificationNeeded;

    /// <param name="Region">Null if the strategy failed.</param>
    private sealed record AllocationChosen(string Shard, IActorRef Region, Exception Cause) : INoSerializationVerificationNeeded;

    private sealed record RebalanceChosen(IImmutableSet<string> Shards, Exception Cause) : INoSerializationVerificationNeeded;

    /// <summary>Enough regions that the first shards do not all go to the first of them.</summary>
    private bool AreEnoughRegions
    {
        get
        {
            var settings = _cluster.Settings;
            var least = _settings.Role is null ? settings.MinNrOfMembers : settings.MinNrOfMembersOfRole.GetValueOrDefault(_settings.Role, 1);
            return _alive.Count >= least;
        }
    }

    private void FindHome(string shard, IActorRef requester)
    {
        if (_moving.TryGetValue(shard, out var waiting) || _allocating.TryGetValue(shard, out waiting))
        {
            waiting.Add(requester);
        }
        else if (_state.Shards.TryGetValue(shard, out var home))
        {
            // If its node is about to be given up, the requester asks again later.
            if (!_terminating.Contains(home)) requester.Tell(new ShardHome(shard, home));
        }
        else if (Candidates() is { Count: > 0 } candidates && AreEnoughRegions)
        {
            _allocating[shard] = [requester];
            var choice = Choose(() => _strategy.AllocateShard(requester, shard, candidates));
            // At once if it can be, so that the next shard's choice sees this one.
            if (choice.IsCompletedSuccessfully) OnAllocation(new AllocationChosen(shard, choice.Result, null));
            else choice.PipeTo(Self, Self, region => new AllocationChosen(shard, region, null), cause => new AllocationChosen(shard, null, cause));
        }
    }

    private ImmutableDictionary<IActorRef, IImmutableList<string>> Candidates() =>
        _state.Regions.Where(region => CanHost(region.Key)).ToImmutableDictionary();

    private bool CanHost(IActorRef region) => _alive.Contains(region) && !_shuttingDown.Contains(region) && !_terminating.Contains(region);

    private void OnAllocation(AllocationChosen chosen)
    {
        if (!_allocating.Remove(chosen.Shard, out var waiting)) return;
        if (chosen.Cause is not null)
        {
            _log.Error(chosen.Cause, "{0}: the allocation strategy failed for shard [{1}]: {2}", _typeName, chosen.Shard, chosen.Cause.Message);
        }
        else if (_state.Shards.ContainsKey(chosen.Shard) || _moving.ContainsKey(chosen.Shard))
        {
            foreach (var requester in waiting) FindHome(chosen.Shard, requester);
        }
        else if (chosen.Region is null || !_state.Regions.ContainsKey(chosen.Region) || !CanHost(chosen.Region))
        {
            _log.Warning("{0}: the allocation strategy chose [{1}] for shard [{2}], which is no region that can have it", _typeName, chosen.Region, chosen.Shard);
        }
        else
        {
            Update([new ShardHomeAllocated(chosen.Shard, chosen.Region)], () =>
            {
                SendHostShard(chosen.Shard, chosen.Region);
                foreach (var requester in waiting) requester.Tell(new ShardHome(chosen.Shard, chosen.Region));
            });
        }
    }

    private void SendHostShard(string shard, IActorRef region)
    {
        region.Tell(new HostShard(shard));
        Timers.StartSingleTimer(new ResendKey(shard), new ResendHostShard(shard, region), _settings.TuningParameters.ShardStartTimeout);
    }

    /// <summary>Shards with remembered entities run whether or not somebody asks for them.</summary>
    private void AllocateRemembered()
    {
        if (!_settings.RememberEntities) return;
        foreach (var shard in _remembered.Union(_state.Unallocated).Where(shard => !_state.Shards.ContainsKey(shard)))
            Self.Tell(new GetShardHome(shard));
    }

    private void BeginRebalance()
    {
        if (_isChoosing || _state.Regions.Count == 0) return;
        _isChoosing = true;
        Choose(() => _strategy.Rebalance(Candidates(), _moving.Keys.ToImmutableHashSet()))
            .PipeTo(Self, Self, shards => new RebalanceChosen(shards, null), cause => new RebalanceChosen(null, cause));
    }

    /// <summary>A strategy may throw before it returns a task.</summary>
    private static async Task<T> Choose<T>(Func<Task<T>> choose) => await choose().ConfigureAwait(false);

    private void OnRebalance(RebalanceChosen chosen)
    {
        _isChoosing = false;
        if (chosen.Cause is not null) _log.Error(chosen.Cause, "{0}: the allocation strategy failed to rebalance: {1}", _typeName, chosen.Cause.Message);
        foreach (var shard in chosen.Shards ?? ImmutableHashSet<string>.Empty) BeginMove(shard);
    }

    private void BeginMove(string shard)
    {
        if (!_state.Shards.TryGetValue(shard, out var from) || !_moving.TryAdd(shard, [])) return;
        _log.Debug("{0}: shard [{1}] moves from [{2}]", _typeName, shard, from);
        Timers.Cancel(new ResendKey(shard));
        var all = _state.Regions.Keys.Union(_proxies).ToImmutableHashSet();
        Context.ActorOf(RebalanceWorker.Props(shard, from, all, _settings.TuningParameters), $"move-{++_workers}");
    }

    private void OnRebalanceDone(RebalanceDone done)
    {
        if (!_moving.TryGetValue(done.Shard, out var waiting)) return;
        if (!done.HasStopped) _log.Warning("{0}: shard [{1}] was not handed off in time", _typeName, done.Shard);
        if (done.HasStopped && _state.Shards.ContainsKey(done.Shard)) Update([new ShardHomeDeallocated(done.Shard)], Resume);
        else Resume();

        void Resume()
        {
            _moving.Remove(done.Shard);
            foreach (var requester in waiting) Self.Tell(new GetShardHome(done.Shard), requester);
            AllocateRemembered();
        }
    }

    private void OnGracefulShutdown(IActorRef region)
    {
        if (!_state.Regions.TryGetValue(region, out var shards)) return;
        if (_shuttingDown.Add(region)) _log.Debug("{0}: region [{1}] is to go; its shards [{2}] move", _typeName, region, string.Join(", ", shards));
        foreach (var shard in shards) BeginMove(shard);
    }
}
