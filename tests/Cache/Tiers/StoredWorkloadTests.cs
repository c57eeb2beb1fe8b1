using System.Globalization;
using ActorInference.Cache.Store;
using ActorInference.Cache.Tests.Store;
using Akka.Actor;

namespace ActorInference.Cache.Tests.Tiers;

/// <summary>
/// The same conversations with the real storage tier behind: shards and stores too small for all pages, whose pages rot, and which are
/// killed. ACTORINFERENCE_TIER_REQUESTS says how many requests, ACTORINFERENCE_SEED where the seeds begin.
/// </summary>
public sealed class StoredWorkloadTests
{
    private const int StoreBytes = 256 << 10;

    [Fact]
    public async Task Outputs_are_the_models_through_stores_that_evict_rot_and_die()
    {
        var (requests, firstSeed) = (Number("ACTORINFERENCE_TIER_REQUESTS", 360), Number("ACTORINFERENCE_SEED", 1));
        await using var system = new StoreSystem(new CacheShardOptions { Buckets = 4, Lease = TimeSpan.FromMilliseconds(50) });
        var stores = new List<IActorRef> { await system.AddStoreAsync(0, StoreMemory.Private(StoreBytes)), await system.AddStoreAsync(1, StoreMemory.Private(StoreBytes)) };
        var (stored, asked) = (0L, 0);
        for (var seed = firstSeed; asked < requests; seed++)
        {
            var run = new TieredRun(seed, system.Client, random => system.FlipAnyBit(random), () => Task.FromResult(++asked));
            try
            {
                await run.PlayAsync();
            }
            catch (Exception failure)
            {
                throw new InvalidOperationException($"Seed {seed}: {failure.Message}", failure);
            }

            stored += run.StorageTokens;
            if (seed % 3 != 0) continue;
            await system.KillAsync(stores[0]);
            stores = [stores[1], await system.AddStoreAsync(2 + seed, StoreMemory.Private(StoreBytes))];
        }

        Assert.True(stored > requests / 10, $"Only {stored} tokens of {requests} requests came from stores.");
    }

    private static int Number(string variable, int otherwise) =>
        Environment.GetEnvironmentVariable(variable) is { Length: > 0 } text ? int.Parse(text, CultureInfo.InvariantCulture) : otherwise;
}
