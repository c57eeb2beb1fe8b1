using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using ActorInference.Gpu.Benchmarks;
using ActorInference.Host.Cli;

namespace ActorInference.Host.Commands;

/// <summary><c>actorinference bench sampling</c>: what choosing a token takes, beside the decode step that computes its logits.</summary>
public static class BenchSamplingCommand
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    public static Command Create()
    {
        var defaults = new EngineBenchmarkOptions { OutputTokens = 32 };
        var model = new Option<string>("--model") { Description = "Model folder in Hugging Face form, or a GGUF file; one with the vocabulary that is to be measured.", Required = true };
        var prompt = NumberOption.Integer("--prompt-tokens", $"Tokens of each prompt, which penalties go through. Default: {defaults.PromptTokens}.", 1, 1 << 20);
        var steps = NumberOption.Integer("--output-tokens", $"Decode steps. Default: {defaults.OutputTokens}.", 1, 1 << 20);
        var rounds = NumberOption.Integer("--rounds", $"Times that decode is measured. Default: {defaults.Rounds}.", 1, 1000);
        var threads = NumberOption.Integer("--threads", "Compute threads. Default: one a core.", 1, 1024);
        var json = new Option<bool>("--json") { Description = "Print a JSON array." };
        var command = new Command("sampling", "Measure the choice of tokens beside a decode step.") { model, prompt, steps, rounds, threads, json };
        command.SetAction(parsed => Run(parsed.GetRequiredValue(model), parsed.GetValue(json), defaults with
        {
            PromptTokens = parsed.GetValue(prompt) ?? defaults.PromptTokens,
            OutputTokens = parsed.GetValue(steps) ?? defaults.OutputTokens,
            Rounds = parsed.GetValue(rounds) ?? defaults.Rounds,
            Threads = parsed.GetValue(threads) ?? defaults.Threads,
        }));
        return command;
    }

    private static void Run(string model, bool json, EngineBenchmarkOptions options)
    {
        try
        {
            var results = SamplingBenchmark.Run(model, options);
            if (json) Console.Out.WriteLine(new JsonArray([.. results.Select(ToJson)]).ToJsonString(Indented));
            else WriteTable(results);
        }
        catch (ArgumentException wrong)
        {
            // What only the model can judge: its context is too short.
            throw new UserErrorException(wrong.Message, wrong);
        }
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
