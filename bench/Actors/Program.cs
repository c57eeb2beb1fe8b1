using System.Text.Json;
using ActorInference.Bench.Actors;
using Akka.Actor;
using Akka.Configuration;

var known = new[] { "--json", "--local", "--remote" };
if (args.Except(known).FirstOrDefault() is { } unknown)
{
    Console.Error.WriteLine($"Unknown argument '{unknown}'; there are --json, --local (only one system) and --remote (only two).");
    return 2;
}

var measurements = new List<Measurement>();
if (!args.Contains("--remote")) measurements.AddRange(await Local());
if (!args.Contains("--local")) measurements.AddRange(await RemoteBenchmark.Run());
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
