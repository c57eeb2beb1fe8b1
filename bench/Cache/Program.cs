using System.Globalization;
using System.Text.Json;
using ActorInference.Bench.Cache;

var json = args.Contains("--json");
var trace = Array.IndexOf(args, "--trace");
string[] parts = ["multiturn", "million", "router", "sums"];
var chosen = args.Where(parts.Contains).ToArray();
if (args.Where((arg, i) => arg is not ("--json" or "--trace") && !parts.Contains(arg) && (trace < 0 || i != trace + 1)).FirstOrDefault() is { } unknown || trace == args.Length - 1 && trace >= 0)
{
    Console.Error.WriteLine("Usage: [multiturn] [million] [router] [sums] [--json] [--trace FILE]");
    return 2;
}

if (trace >= 0)
{
    foreach (var line in TraceTable.Lines(args[trace + 1])) Console.WriteLine(line);
    return 0;
}

var measurements = (chosen.Length > 0 ? chosen : parts).SelectMany(part => part switch
{
    "multiturn" => MultiTurnBenchmark.Run(rounds: 7),
    "million" => MillionPagesBenchmark.Run(rounds: 7),
    "router" => RouterIndexBenchmark.Run(rounds: 7),
    _ => PageSumBenchmark.Run(rounds: 7),
}).ToList();
if (json)
{
    Console.WriteLine(JsonSerializer.Serialize(
        measurements, new JsonSerializerOptions { WriteIndented = true, PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower }));
}
else
{
    foreach (var measurement in measurements)
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{measurement.Name,-40} {measurement.Value,14:N2} {measurement.Unit}"));
}

return 0;
