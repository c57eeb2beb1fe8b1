using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Text.Json;
using ActorInference.Actors.Kv;
using ActorInference.Gpu.Benchmarks;
using ActorInference.Host.Composition;

namespace ActorInference.Host.Commands;

/// <summary><c>actorinference bench engine</c>: a model's prefill and decode speed on this machine, beside the machine's own limits.</summary>
public static class BenchEngineCommand
{
    private const int Success = 0;
    private const int UserError = 2;

    public static Command Create()
    {
        var options = new Options();
        var command = new Command("engine", "Measure a model's prefill and decode on this machine.");
        foreach (var option in options.All) command.Add(option);
        command.SetAction(parsed => Run(parsed.GetRequiredValue(options.Model), options.Read(parsed), parsed.GetValue(options.Json)));
        return command;
    }

    private static int Run(string folder, EngineBenchmarkOptions options, bool json)
    {
        try
        {
            var results = EngineBenchmark.Run(folder, options with { RankProgram = invitation => OwnProgram.Start(RankCommand.Arguments(folder, invitation)) });
            if (json) WriteJson(results);
            else WriteTable(results);
            return Success;
        }
        catch (ArgumentException error)
        {
            // Options that only the model can judge: its context is too short for them.
            Console.Error.WriteLine($"actorinference: {error.Message.ReplaceLineEndings(" ")}");
            return UserError;
        }
    }

    private static void WriteJson(IReadOnlyList<EngineBenchmarkResult> results)
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream, new JsonWriterOptions { Indented = true }))
        {
            json.WriteStartArray();
            foreach (var result in results) WriteJson(json, result);
            json.WriteEndArray();
        }

        Console.Out.WriteLine(System.Text.Encoding.UTF8.GetString(stream.ToArray()));
    }

    private static void WriteJson(Utf8JsonWriter json, EngineBenchmarkResult result)
    {
        json.WriteStartObject();
        json.WriteNumber("batch", result.Batch);
        json.WriteNumber("prefill_tok_per_s", Math.Round(result.PrefillTokensPerSecond, 2));
        json.WriteNumber("decode_tok_per_s", Math.Round(result.DecodeTokensPerSecond, 2));
        json.WriteNumber("itl_p50_ms", Math.Round(result.InterTokenP50Ms, 4));
        json.WriteNumber("itl_p99_ms", Math.Round(result.InterTokenP99Ms, 4));
        json.WriteNumber("peak_gflops", Math.Round(result.PeakGflops, 2));
        json.WriteNumber("memory_gb_per_s", Math.Round(result.MemoryGigabytesPerSecond, 2));
        json.WriteNumber("prefill_peak_fraction", Math.Round(result.PrefillPeakFraction, 4));
        json.WriteNumber("decode_memory_fraction", Math.Round(result.DecodeMemoryFraction, 4));
        json.WriteEndObject();
    }

    private static void WriteTable(IReadOnlyList<EngineBenchmarkResult> results)
    {
        Console.Out.WriteLine("batch  prefill tok/s  of FMA peak  decode tok/s  of memory speed  itl p50 ms  itl p99 ms");
        foreach (var r in results)
        {
            Console.Out.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{r.Batch,5}  {r.PrefillTokensPerSecond,13:0.0}  {r.PrefillPeakFraction,11:0.0 %}  {r.DecodeTokensPerSecond,12:0.00}  {r.DecodeMemoryFraction,15:0.0 %}  {r.InterTokenP50Ms,10:0.000}  {r.InterTokenP99Ms,10:0.000}"));
        }

        Console.Out.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"This machine, measured beside: {results[0].PeakGflops:0.0} GFLOPS of multiply-adds, {results[0].MemoryGigabytesPerSecond:0.0} GB/s of memory."));
    }

    private sealed class Options
    {
        private static readonly EngineBenchmarkOptions Defaults = new();

        private readonly Option<int> _promptTokens = Count("--prompt-tokens", "Tokens of each prompt.", Defaults.PromptTokens);
        private readonly Option<int> _outputTokens = Count("--output-tokens", "Decode steps after each prompt.", Defaults.OutputTokens);
        private readonly Option<int> _rounds = Count("--rounds", "Times that everything is measured; figures are medians.", Defaults.Rounds);
        private readonly Option<int> _threads = Count("--threads", "Compute threads.", Defaults.Threads);
        private readonly Option<int> _ranks = Count("--tensor-parallel", "Processes that compute together, with a share of the threads each.", Defaults.Ranks);
        private readonly Option<int> _chunk = Count("--chunk-tokens", "Prompt tokens in a step.", Defaults.ChunkTokens);
        private readonly Option<int> _pageSize = Count("--page-size", "Tokens of a KV page, a power of two.", Defaults.PageSizeTokens);
        private readonly Option<KvDtype> _kvDtype = new("--kv-dtype") { Description = "Element type of keys and values: f32, f16, bf16 or q8_0.", DefaultValueFactory = _ => Defaults.KvDtype };
        private readonly Option<int[]> _batches = new("--batch")
        {
            Description = "Sequences that run together, one measurement for each number of a list such as 1,8.",
            DefaultValueFactory = _ => [.. Defaults.Batches],
            CustomParser = ParseBatches,
        };

        public Options() => _pageSize.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int>() is var size && (size & (size - 1)) != 0) result.AddError($"--page-size is {size}; expected a power of two.");
        });

        public Option<string> Model { get; } = new("--model") { Description = "Model folder in Hugging Face form, or a GGUF file.", Required = true };

        public Option<bool> Json { get; } = new("--json") { Description = "Print a JSON array." };

        public IEnumerable<Option> All => [Model, _promptTokens, _outputTokens, _batches, _rounds, _threads, _ranks, _chunk, _pageSize, _kvDtype, Json];

        public EngineBenchmarkOptions Read(ParseResult parsed) => new()
        {
            PromptTokens = parsed.GetValue(_promptTokens),
            OutputTokens = parsed.GetValue(_outputTokens),
            Batches = parsed.GetValue(_batches)!,
            Rounds = parsed.GetValue(_rounds),
            Threads = parsed.GetValue(_threads),
            Ranks = parsed.GetValue(_ranks),
            ChunkTokens = parsed.GetValue(_chunk),
            PageSizeTokens = parsed.GetValue(_pageSize),
            KvDtype = parsed.GetValue(_kvDtype),
        };

        private static Option<int> Count(string name, string description, int fallback) => new(name)
        {
            Description = description,
            DefaultValueFactory = _ => fallback,
            CustomParser = result => ParseCount(result, name, result.Tokens.Count == 1 ? result.Tokens[0].Value : ""),
        };

        private static int ParseCount(ArgumentResult result, string name, string text)
        {
            const int most = 1 << 20;
            if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var count) && count is >= 1 and <= most) return count;
            result.AddError($"{name} is '{text}'; expected an integer from 1 to {most}.");
            return 1;
        }

        private static int[] ParseBatches(ArgumentResult result) =>
            [.. result.Tokens.SelectMany(token => token.Value.Split(',')).Select(text => ParseCount(result, "--batch", text.Trim()))];
    }
}
