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
    private const string Requests = "ACTORINFERENCE_TIER_REQUESTS";
    private const int StoreBytes = 256 << 10;

    [SkippableFact]
    public async Task Outputs_are_the_models_through_stores_that_evict_rot_and_die()
    {
        Skip.If(Environment.GetEnvironmentVariable(Requests) is null or "", $"Takes as long as it is told to; set {Requests}=10000.");
        var (requests, firstSeed) = (Number(Requests, 0), Number("ACTORINFERENCE_SEED", 1));
        await using var system = new StoreSystem(new CacheShardOptions { Buckets = 4, Lease = TimeSpan.FromMilliseconds(50) });
        var stores = new List<IActorRef> { await system.AddStoreAsync(0, StoreMemory.Private(StoreBytes)), await system.AddStoreAsync(1, StoreMemory.Private(StoreBytes)) };
        var (stored, asked) = (0L, 0);
        for (var seed = firstSeed; asked < requests; seed++)
        {
            var run = new TieredRun(seed, system.Client, random => Damage(system, random), () => Task.FromResult(++asked));
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

        Assert.True(stored > 0, $"Only {stored} tokens of {requests} requests came from stores.");
    }

    /// <summary>Seldom enough that most pages are still right when they are wanted.</summary>
    private static void Damage(StoreSystem system, Random random)
    {
        if (random.Next(10) == 0) system.FlipAnyBit(random);
    }

    private static int Number(string variable, int otherwise) =>
        Environment.GetEnvironmentVariable(variable) is { Length: > 0 } text ? int.Parse(text, CultureInfo.InvariantCulture) : otherwise;
}
