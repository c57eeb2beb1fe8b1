using System.Text.Json;
using ActorInference.Bench.Actors;
using Akka.Actor;
using Akka.Configuration;

<<<<<<< HEAD
string[] known = ["--json", "--persistence"];
if (args.Except(known).FirstOrDefault() is { } unknown)
{
    Console.Error.WriteLine($"Unknown argument '{unknown}'; known are --json, and --persistence for those figures alone.");
=======
var known = new[] { "--json", "--local", "--remote" };
if (args.Except(known).FirstOrDefault() is { } unknown)
{
    Console.Error.WriteLine($"Unknown argument '{unknown}'; there are --json, --local (only one system) and --remote (only two).");
>>>>>>> akka
    return 2;
}

var measurements = new List<Measurement>();
<<<<<<< HEAD
if (!args.Contains("--persistence")) measurements.AddRange(await Messaging());
measurements.AddRange(await PersistBenchmark.All(Environment.GetEnvironmentVariable("ACTORINFERENCE_BENCH_POSTGRES")));

=======
if (!args.Contains("--remote")) measurements.AddRange(await Local());
if (!args.Contains("--local")) measurements.AddRange(await RemoteBenchmark.Run());
>>>>>>> akka
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

<<<<<<< HEAD
static async Task<IReadOnlyList<Measurement>> Messaging()
{
    var system = ActorSystem.Create("bench", ConfigurationFactory.ParseString("akka.loglevel = WARNING"));
    Measurement[] results =
=======
static async Task<Measurement[]> Local()
{
    var system = ActorSystem.Create("bench", ConfigurationFactory.ParseString("akka.loglevel = WARNING"));
    Measurement[] measurements =
>>>>>>> akka
    [
        await TellBenchmark.OneWay(system, messages: 4_000_000, rounds: 7),
        await TellBenchmark.PingPong(system, roundTrips: 1_000_000, rounds: 7),
        await AskBenchmark.Sequential(system, asks: 300_000, rounds: 7),
        await IdleActorBenchmark.Memory(system, actors: 100_000),
    ];
    await system.Terminate();
<<<<<<< HEAD
    return results;
=======
    return measurements;
>>>>>>> akka
}
