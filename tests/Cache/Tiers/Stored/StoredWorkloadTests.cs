using ActorInference.Actors.Kv;

namespace ActorInference.Cache.Tests.Tiers.Stored;

/// <summary>
/// A real model's conversations through the whole cache: trees, host pools, and real shards and stores, in process, in shared memory and over
/// the network, whose pages rot, whose files are torn, and which are killed and begun again.
/// </summary>
public sealed class StoredWorkloadTests : IDisposable
{
    private const int Runs = 6;
    private const double LeastShare = 0.3;

    private readonly string _folder = Directory.CreateTempSubdirectory("actorinference-stored-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Answers_are_the_models_whatever_stores_do_and_much_comes_from_them()
    {
        using var model = new TinyModel();
        var (requests, known, stored, flipped, torn) = (0, 0L, 0L, 0, 0);
        for (var seed = 1; seed <= Runs; seed++)
        {
            if (SharedSegment.Folder is null && seed % 3 == (int)StoreWay.SharedMemory) continue;   // This system has no /dev/shm.
            var run = new StoredRun(seed, model, _folder);
            try
            {
                await run.PlayAsync();
            }
            catch (Exception failure)
            {
                throw new InvalidOperationException($"Seed {seed}: {failure.Message}", failure);
            }

            requests += run.Requests;
            known += run.KnownTokens;
            stored += run.StoredTokens;
            flipped += run.Flipped;
            torn += run.Torn;
        }

        // The rest was in the workers' own tiers, or was lost in stores that had died.
        Assert.True(stored > LeastShare * known, $"Of the prompts of {requests} requests {known} tokens had been computed before; only {stored} of them came from stores.");
        Assert.True(flipped > 0 && torn > 0, $"{flipped} pages rotted, {torn} files were torn.");
    }
}
