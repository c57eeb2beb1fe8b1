using System.Globalization;
using System.Text.Json;
using ActorInference.Bench.Cache;
using ActorInference.Bench.Store;

string[] parts = ["shards", "durable", "pages", "warmup"];
var json = args.Contains("--json");
var redis = Array.IndexOf(args, "--redis") is var at and >= 0 && at + 1 < args.Length ? int.Parse(args[at + 1], CultureInfo.InvariantCulture) : 0;
var chosen = args.Where(parts.Contains).ToArray();
if (args.Where((arg, i) => arg is not ("--json" or "--redis") && !parts.Contains(arg) && (i == 0 || args[i - 1] != "--redis")).FirstOrDefault() is not null)
{
    Console.Error.WriteLine("Usage: [shards] [durable] [pages] [warmup] [--redis PORT] [--json]");
    return 2;
}

List<Measurement> measurements = [];
foreach (var part in chosen.Length > 0 ? chosen : parts)
{
    measurements.AddRange(part switch
    {
        "shards" => await ShardBenchmark.InMemoryAsync(rounds: 5),
        "durable" => await ShardBenchmark.OnSqliteAsync(rounds: 5),
        "pages" => await PagesBenchmark.RunAsync(rounds: 7, redis),
        _ => await WarmUpBenchmark.RunAsync(rounds: 3),
    });
}

if (json)
{
    Console.WriteLine(JsonSerializer.Serialize(
        measurements, new JsonSerializerOptions { WriteIndented = true, PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower }));
}
else
{
    foreach (var measurement in measurements)
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{measurement.Name,-44} {measurement.Value,14:N2} {measurement.Unit}"));
}

return 0;
