using System.Globalization;
using System.Text.Json;
using ActorInference.Bench.Serving;

// What a token costs above the model's own computing: through the engine, the actors, and HTTP. One sequence at a time.
//   dotnet run -c Release --project bench/Serving -- [--model DIR] [--tokens N] [--rounds N] [--json]
var options = BenchOptions.Parse(args);
var result = await TokenPath.MeasureAsync(options);
if (options.Json)
{
    Console.WriteLine(JsonSerializer.Serialize(result, new JsonSerializerOptions { WriteIndented = true, PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower }));
    return;
}

foreach (var (name, value) in new[]
{
    ("runner alone", result.RunnerUsPerToken),
    ("engine", result.EngineUsPerToken),
    ("actors", result.ActorsUsPerToken),
    ("HTTP, streamed", result.HttpUsPerToken),
})
{
    Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name,-16} {value,9:0.0} µs a token, {value - result.EngineUsPerToken,+8:0.0} µs above the engine"));
}
