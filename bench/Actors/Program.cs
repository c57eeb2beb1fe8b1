using System.Text.Json;
using ActorInference.Bench.Actors;
using Akka.Actor;
using Akka.Configuration;

if (args.Except(["--json"]).Any())
{
    Console.Error.WriteLine($"Unknown argument '{args.Except(["--json"]).First()}'; the only one is --json.");
    return 2;
}

var system = ActorSystem.Create("bench", ConfigurationFactory.ParseString("akka.loglevel = WARNING"));
Measurement[] measurements =
[
    await TellBenchmark.OneWay(system, messages: 4_000_000, rounds: 7),
    await TellBenchmark.PingPong(system, roundTrips: 1_000_000, rounds: 7),
    await AskBenchmark.Sequential(system, asks: 300_000, rounds: 7),
    await IdleActorBenchmark.Memory(system, actors: 100_000),
];
await system.Terminate();

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
