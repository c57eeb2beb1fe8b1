using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using ActorInference.Gpu.Benchmarks;
using ActorInference.Host.Cli;

namespace ActorInference.Host.Commands;

/// <summary><c>actorinference bench sampling</c>: what choosing a token takes, beside the decode step that computes its logits.</summary>
public static class BenchSamplingCommand
{
    public static Command Create()
    {
        var defaults = new EngineBenchmarkOptions { OutputTokens = 32 };
        var frame = new EngineBenchFrame(
            "one with the vocabulary that is to be measured", $"Tokens of each prompt, which penalties go through. Default: {defaults.PromptTokens}.",
            $"Times that decode is measured. Default: {defaults.Rounds}.", json: "array");
        var steps = NumberOption.Integer("--output-tokens", $"Decode steps. Default: {defaults.OutputTokens}.", 1, 1 << 20);
        var command = frame.Create("sampling", "Measure the choice of tokens beside a decode step.", steps);
        command.SetAction(parsed =>
        {
            var options = defaults with
            {
                PromptTokens = parsed.GetValue(frame.PromptTokens) ?? defaults.PromptTokens,
                OutputTokens = parsed.GetValue(steps) ?? defaults.OutputTokens,
                Rounds = parsed.GetValue(frame.Rounds) ?? defaults.Rounds,
                Threads = parsed.GetValue(frame.Threads) ?? defaults.Threads,
            };
            frame.Run(parsed, model => SamplingBenchmark.Run(model, options), static results => new JsonArray([.. results.Select(ToJson)]), WriteTable);
        });
        return command;
    }

    private static void WriteTable(IReadOnlyList<SamplingBenchmarkResult> results)
    {
        Console.Out.WriteLine($"{"sampling",-26} batch  µs a token  step ms  of the step   ({results[0].Vocabulary} tokens)");
        foreach (var r in results)
            Console.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{r.Sampling,-26} {r.Batch,5}  {r.SampleMicroseconds,10:0.0}  {r.StepMs,7:0.00}  {r.Share,11:0.00 %}"));
    }

    private static JsonNode ToJson(SamplingBenchmarkResult result) => new JsonObject
    {
        ["sampling"] = result.Sampling,
        ["batch"] = result.Batch,
        ["vocabulary"] = result.Vocabulary,
        ["sample_us"] = Math.Round(result.SampleMicroseconds, 2),
        ["decode_step_ms"] = Math.Round(result.StepMs, 4),
        ["share"] = Math.Round(result.Share, 5),
    };
}
