using ActorInference.Actors.Kv;
using ActorInference.Cache.Radix.Eviction;
using ActorInference.Cache.Tiers;
using ActorInference.Gpu.Engine;
using ActorInference.Gpu.Tests.Engine;
using Akka.Actor;

namespace ActorInference.Roles.Tests.Workers;

/// <summary>What a worker says was cached is what was used, also where a first start was in vain.</summary>
public sealed class StartInVainTests : WorkerTestKit
{
    private readonly HostPool _host = new(
        new HostMemory(ScriptedRunner.Layout(PageSize), 32), EvictionPolicies.Create("lru"), TierWritePolicy.WriteThrough, TimeProvider.System);

    [Fact]
    public void Pages_that_turn_out_rotten_while_a_step_computes_with_them_do_not_count_as_cached()
    {
        var worker = Start(() => new ScriptedRunner(Pool), options => options with
        {
            Tier = _host, Engine = new EngineOptions { StepTarget = TimeSpan.Zero, OverlapLoadBytes = 1 },
        });
        Assert.Equal((0, new TierTokens(0, 0)), Ask(worker));

        // The host's pages are taken in order: this is the third of the four that the prompt fills.
        _host.Memory.Bytes(2).Span[3] ^= 0x20;

        Assert.Equal((8, new TierTokens(Host: 8, Storage: 0)), Ask(worker));
        Assert.Equal(1, _host.Counts.Rotten);
    }

    protected override void AfterAll()
    {
        base.AfterAll();
        _host.Dispose();
    }

    /// <summary>What the first token of a generation says was cached.</summary>
    private (int CachedTokens, TierTokens Tiers) Ask((IActorRef Worker, Guid Incarnation) worker)
    {
        var first = Continue(worker, promptTokens: 18)[0];
        return (first.CachedTokens ?? -1, first.Tiers);
    }
}
