using System.Text.Json;
using ActorInference.Bench.Actors;
using Akka.Actor;
using Akka.Configuration;

string[] parts = ["--cluster", "--local", "--persistence", "--remote", "--serialization", "--sharding"];
if (args.Except(parts).Except(["--json"]).FirstOrDefault() is { } unknown)
{
    Console.Error.WriteLine($"Unknown argument '{unknown}'; expected --json, and any of {string.Join(", ", parts)} for these parts alone.");
    return 2;
}

var wanted = args.Intersect(parts).ToArray() is { Length: > 0 } given ? given : parts;
var measurements = new List<Measurement>();
if (wanted.Contains("--local")) measurements.AddRange(await Local());
if (wanted.Contains("--persistence"))
    measurements.AddRange(await PersistBenchmark.All(Environment.GetEnvironmentVariable("ACTORINFERENCE_BENCH_POSTGRES")));
if (wanted.Contains("--remote")) measurements.AddRange(await RemoteBenchmark.Run());
if (wanted.Contains("--cluster")) measurements.AddRange(await ClusterBenchmark.Run(rounds: 5));
if (wanted.Contains("--serialization")) measurements.AddRange(await Serialization());
if (wanted.Contains("--sharding")) measurements.AddRange(await ShardingBenchmark.Run());
if (args.Contains("--json"))
{
    Console.WriteLine(JsonSerializer.Serialize(
        measurements, new JsonSerializerOptions { WriteIndented = true, PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower }));
}
else
{
    foreach (var measurement in measurements) Console.WriteLine($"{measurement.Name,-24} {measurement.Value,16:N0} {measurement.Unit}");
}

return 0;

static async Task<Measurement[]> Local()
{
    var system = ActorSystem.Create("bench", ConfigurationFactory.ParseString("akka.loglevel = WARNING"));
    Measurement[] measurements =
    [
        await TellBenchmark.OneWay(system, messages: 4_000_000, rounds: 7),
        await TellBenchmark.PingPong(system, roundTrips: 1_000_000, rounds: 7),
        await AskBenchmark.Sequential(system, asks: 300_000, rounds: 7),
        await IdleActorBenchmark.Memory(system, actors: 100_000),
    ];
    await system.Terminate();
    return measurements;
}

static async Task<Measurement[]> Serialization()
{
    var system = ActorSystem.Create("bench", ConfigurationFactory.ParseString("akka.loglevel = WARNING"));
    var measurements = await SerializationBenchmark.Run(system);
    await system.Terminate();
    return measurements;
}
