using Akka.Actor;
using Akka.Configuration;
using Akka.Persistence;

namespace ActorInference.Bench.Actors;

/// <summary>Events that actors persist one by one, each before the next command, and their replay.</summary>
internal static class PersistBenchmark
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    /// <summary>Persists and replays in memory, in a SQLite file, and in PostgreSQL if a connection string is given.</summary>
    public static async Task<IReadOnlyList<Measurement>> All(string? postgreSql)
    {
        var results = new List<Measurement>();
        results.AddRange(await In("memory", "", one: 200_000, hundred: 400_000, rounds: 5));
        var folder = Directory.CreateTempSubdirectory("bench-persist-").FullName;
        try
        {
            results.AddRange(await In("sqlite", Sql($"Data Source={Path.Combine(folder, "journal.db")}", "SQLite.MS"), one: 2_000, hundred: 50_000, rounds: 3));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }

        if (postgreSql is not null) results.AddRange(await In("postgresql", Sql(postgreSql, "PostgreSQL.15"), one: 2_000, hundred: 50_000, rounds: 3));
        return results;
    }

    private static string Sql(string connectionString, string provider) =>
        $$"""
        akka.persistence.journal {
          plugin = "akka.persistence.journal.sql"
          sql {
            class = "Akka.Persistence.Sql.Journal.SqlWriteJournal, Akka.Persistence.Sql"
            connection-string = "{{connectionString}}"
            provider-name = "{{provider}}"
          }
        }
        """;

    private static async Task<IReadOnlyList<Measurement>> In(string store, string hocon, int one, int hundred, int rounds)
    {
        const string Settings =
            """
            akka.loglevel = WARNING
            akka.persistence.snapshot-store.plugin = "akka.persistence.snapshot-store.inmem"
            akka.persistence.snapshot-store.inmem.class = "Akka.Persistence.Snapshot.MemorySnapshotStore, Akka.Persistence"
            """;
        var system = ActorSystem.Create("persist", ConfigurationFactory.ParseString($"{Settings}\n{hocon}"));
        var run = $"{store}-{Guid.NewGuid():N}";   // A database may hold the events of earlier runs.
        Measurement[] results =
        [
            await Persist(system, $"persist_{store}_1", $"{run}-one", actors: 1, one, rounds),
            await Persist(system, $"persist_{store}_100", $"{run}-hundred", actors: 100, hundred, rounds),
            await Recover(system, $"recover_{store}", $"{run}-hundred", actors: 100, rounds),
        ];
        await system.Terminate();
        return results;
    }

    private static async Task<Measurement> Persist(ActorSystem system, string name, string id, int actors, int events, int rounds)
    {
        var all = await Start(system, id, actors);
        var each = events / actors;
        var result = await Measurement.Rate(name, "events/s", events, rounds, async () =>
        {
            var done = all.Select(actor => actor.Ask<object>(new Begin(each), Patience)).ToList();
            for (var i = 0; i < each; i++)
            {
                foreach (var actor in all) actor.Tell(Command, ActorRefs.NoSender);
            }

            await Task.WhenAll(done);
        });
        await Stop(all);
        return result;
    }

    private static async Task<Measurement> Recover(ActorSystem system, string name, string id, int actors, int rounds)
    {
        var all = await Start(system, id, actors);
        var events = (await Task.WhenAll(all.Select(actor => actor.Ask<long>("count", Patience)))).Sum();
        await Stop(all);
        return await Measurement.Rate(name, "events/s", (int)events, rounds, async () => await Stop(await Start(system, id, actors)));
    }

    private static async Task<IActorRef[]> Start(ActorSystem system, string id, int actors)
    {
        var all = Enumerable.Range(0, actors).Select(i => $"{id}-{i}").Select(name => system.ActorOf(Props.Create(() => new Counter(name)))).ToArray();
        await Task.WhenAll(all.Select(actor => actor.Ask<long>("count", Patience)));   // Answered when it has recovered.
        return all;
    }

    private static Task Stop(IActorRef[] actors) => Task.WhenAll(actors.Select(actor => actor.GracefulStop(Patience)));

    private static readonly object Command = new();

    private sealed record Begin(int Count);

    private sealed record Counted(int Number);

    private sealed class Counter(string persistenceId) : UntypedPersistentActor
    {
        private IActorRef _asker = ActorRefs.Nobody;
        private int _left;
        private long _count;

        public override string PersistenceId { get; } = persistenceId;

        protected override void OnRecover(object message)
        {
            if (message is Counted) _count++;
        }

        protected override void OnCommand(object message)
        {
            switch (message)
            {
                case Begin begin:
                    (_asker, _left) = (Sender, begin.Count);
                    break;
                case string:
                    Sender.Tell(_count);
                    break;
                default:
                    Persist(new Counted(_left), Persisted);
                    break;
            }
        }

        private void Persisted(Counted counted)
        {
            _count++;
            if (--_left == 0) _asker.Tell(counted);
        }
    }
}
