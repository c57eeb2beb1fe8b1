using System.Collections.Immutable;
using System.Diagnostics;
using ActorInference.Actors.Ids;
using ActorInference.Actors.Kv;
using ActorInference.Actors.Protocols;
using ActorInference.Bench.Cache;
using ActorInference.Cache.Store;
using Akka.Actor;
using static ActorInference.Actors.Protocols.CacheShardProtocol;

namespace ActorInference.Bench.Store;

/// <summary>Metadata alone, in batches of 64 keys to one shard each, some tens of batches under way.</summary>
internal static class ShardBenchmark
{
    private const int Batch = 64;
    private const int Lanes = 16;
    private const int PageBytes = 262_144;
    private const string Tenant = StorageClientOptions.DefaultTenant;

    private static readonly Guid Writer = Guid.NewGuid();
    private static readonly PutPolicy Policy = new(1, PinAction.Preserve, 0, false, "", ImmutableArray<StoreId>.Empty);

    /// <summary>A hundred thousand pages; questions about them.</summary>
    public static async Task<IReadOnlyList<Measurement>> InMemoryAsync(int rounds)
    {
        const int pages = 100_000;
        await using var system = new BenchSystem(new CacheShardOptions { SnapshotEvery = int.MaxValue });
        var store = await system.PretendStoreAsync();
        var batches = Batches(system.Options.Buckets, 0, pages);
        await PutAsync(system, store, batches);
        var questions = batches.SelectMany(batch => Enumerable.Repeat(batch, 8)).ToList();
        var keys = questions.Sum(batch => batch.Keys.Length);
        return
        [
            await MeasureAsync("shard_exists_64", keys, rounds, () => AskAllAsync<Outcomes>(system, questions, batch => new Exists(batch.Bucket, Tenant, batch.Keys))),
            await MeasureAsync("shard_query_64", keys, rounds, () => AskAllAsync<Found>(system, questions, batch => new Query(batch.Bucket, Tenant, Lease: true, batch.Keys))),
        ];
    }

    /// <summary>Puts whose ends are in a SQLite file when they are answered.</summary>
    public static async Task<IReadOnlyList<Measurement>> OnSqliteAsync(int rounds)
    {
        const int pages = 40_000;
        var folder = Directory.CreateTempSubdirectory("bench-store-").FullName;
        try
        {
            await using var system = new BenchSystem(new CacheShardOptions { SnapshotEvery = int.MaxValue }, Sql($"Data Source={Path.Combine(folder, "journal.db")}"));
            var store = await system.PretendStoreAsync();
            var first = 0;
            return
            [
                await MeasureAsync("shard_put_ends_sqlite_64", pages, rounds, () => PutAsync(system, store, Batches(system.Options.Buckets, (first += pages) - pages, pages))),
            ];
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private sealed record KeyBatch(int Bucket, ImmutableArray<KvPageKey> Keys);

    private static string Sql(string connectionString) =>
        $$"""
        akka.persistence.journal {
          plugin = "akka.persistence.journal.sql"
          sql {
            class = "Akka.Persistence.Sql.Journal.SqlWriteJournal, Akka.Persistence.Sql"
            connection-string = "{{connectionString}}"
            provider-name = "SQLite.MS"
          }
        }
        akka.actor {
          serializers.actor-inference = "ActorInference.Actors.Serialization.InferenceSerializer, ActorInference.Actors"
          serialization-bindings."ActorInference.Actors.Protocols.IWireMessage, ActorInference.Actors" = actor-inference
          serialization-identifiers."ActorInference.Actors.Serialization.InferenceSerializer, ActorInference.Actors" = 4201
        }
        """;

    private static List<KeyBatch> Batches(int buckets, int first, int count) =>
        [.. Enumerable.Range(first, count).Select(BenchSystem.Key).GroupBy(key => CacheBuckets.Of(key, buckets))
            .SelectMany(bucket => bucket.Chunk(Batch).Select(keys => new KeyBatch(bucket.Key, [.. keys])))];

    private static async Task PutAsync(BenchSystem system, StoreId store, List<KeyBatch> batches)
    {
        system.Process.Table.TryGet(store, out var known);
        var epoch = known!.Report.Epoch;
        await AskAllAsync<PutStarted>(system, batches, batch => new PutStart(
            batch.Bucket, Tenant, Writer, "bench", Policy, [.. batch.Keys.Select(key => new NewPage(key, default, 0, PageBytes))]));
        await AskAllAsync<Outcomes>(system, batches, batch => new PutEnd(
            batch.Bucket, Tenant, Writer, [.. batch.Keys.Select((key, i) => new EndedPage(key, 1, [new Replica(store, epoch, i, 1, 0)]))]));
    }

    private static Task AskAllAsync<TAnswer>(BenchSystem system, List<KeyBatch> batches, Func<KeyBatch, object> question)
    {
        var next = -1;
        return Task.WhenAll(Enumerable.Range(0, Lanes).Select(async _ =>
        {
            for (int i; (i = Interlocked.Increment(ref next)) < batches.Count;) await system.Shards.Ask<TAnswer>(question(batches[i]), BenchSystem.Patience).ConfigureAwait(false);
        }));
    }

    private static async Task<Measurement> MeasureAsync(string name, int operations, int rounds, Func<Task> round)
    {
        await round();
        var rates = new double[rounds];
        for (var i = 0; i < rounds; i++)
        {
            var started = Stopwatch.GetTimestamp();
            await round();
            rates[i] = operations / Stopwatch.GetElapsedTime(started).TotalSeconds;
        }

        return Measurement.Of(name, "pages/s", rates);
    }
}
