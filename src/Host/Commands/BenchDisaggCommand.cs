using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Text.Json;
using ActorInference.Host.Benchmarks;
using ActorInference.Host.Cli;
using ActorInference.Host.Composition;
using ActorInference.Roles.Composition;

namespace ActorInference.Host.Commands;

/// <summary><c>actorinference bench disagg</c>: prefill and decode apart against together, at the same load on the same cores.</summary>
public static class BenchDisaggCommand
{
    public static Command Create()
    {
        var options = new Options();
        var command = new Command("disagg", "Measure prefill and decode in processes of their own against processes that do both.");
        foreach (var option in options.All) command.Add(option);
        command.Validators.Add(options.Validate);
        command.SetAction((parsed, _) => RunAsync(options.ReadModel(parsed), options.Read(parsed), parsed.GetValue(options.Json)));
        return command;
    }

    private static async Task<int> RunAsync(ProcessOptions model, DisaggBenchmarkOptions load, bool json)
    {
        using var signals = new SignalCancellation();
        var served = LoadedModel.LoadServed(model);
        var needed = Math.Max(load.LongPromptTokens + 1, load.PromptTokens + load.QuietTokens + 1);
        if (served.ContextTokens < needed)
            throw new UserErrorException($"--model has a context of {served.ContextTokens} tokens; expected at least {needed} for these prompts.");
        var results = await new DisaggBenchmark(served, model, load).RunAsync(signals.Token);
        if (json) WriteJson(results);
        else WriteTable(results);
        return CommandLine.Success;
    }

    private static void WriteJson(IReadOnlyList<DisaggResult> results)
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream, new JsonWriterOptions { Indented = true }))
        {
            json.WriteStartArray();
            foreach (var result in results)
            {
                json.WriteStartObject();
                json.WriteString("mode", result.Mode);
                json.WriteNumber("ttft_ms_p50", Round(result.TtftP50));
                json.WriteNumber("ttft_ms_p99", Round(result.TtftP99));
                json.WriteNumber("first_token_overhead_ms", Round(result.TtftP50 - results[^1].TtftP50));
                json.WriteNumber("handover_ms_p50", Round(result.HandoverP50));
                json.WriteNumber("quiet_itl_ms_p50", Round(result.QuietItlP50));
                json.WriteNumber("quiet_itl_ms_p99", Round(result.QuietItlP99));
                json.WriteNumber("itl_ms_p50", Round(result.ItlP50));
                json.WriteNumber("itl_ms_p99", Round(result.ItlP99));
                json.WriteNumber("itl_p99_over_p50", Round(result.ItlP99OverMedian));
                json.WriteNumber("long_ttft_ms_p50", Round(result.LongTtftP50));
                json.WriteEndObject();
            }

            json.WriteEndArray();
        }

        Console.Out.WriteLine(System.Text.Encoding.UTF8.GetString(stream.ToArray()));
    }

    private static double Round(double value) => Math.Round(value, 3);

    private static void WriteTable(IReadOnlyList<DisaggResult> results)
    {
        Console.Out.WriteLine("mode           ttft p50 ms  p99 ms  hand-over ms  quiet itl p50 ms  p99 ms  itl beside long prompts p50 ms  p99 ms  ratio  long ttft ms");
        foreach (var r in results)
        {
            Console.Out.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{r.Mode,-13}  {r.TtftP50,11:0.00}  {r.TtftP99,6:0.00}  {r.HandoverP50,12:0.00}  {r.QuietItlP50,16:0.00}  {r.QuietItlP99,6:0.00}  {r.ItlP50,30:0.00}  {r.ItlP99,6:0.00}  {r.ItlP99OverMedian,5:0.00}  {r.LongTtftP50,12:0}"));
        }

        Console.Out.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"The first token comes {results[0].TtftP50 - results[^1].TtftP50:0.00} ms later for coming from another process than the next ones."));
    }

    private sealed class Options
    {
        private const int MaxTokens = 1 << 20;

        private static readonly DisaggBenchmarkOptions Defaults = new();

        private readonly ModelFlags _model = new();
        private readonly Option<int?> _requests = Count("--requests", "Prompts for the first token's time, a round", Defaults.Requests, 100_000);
        private readonly Option<int?> _concurrency = Count("--concurrency", "Streams that generate beside the long prompts", Defaults.Concurrency, 256);
        private readonly Option<int?> _promptTokens = Count("--prompt-tokens", "Tokens of the other prompts", Defaults.PromptTokens, MaxTokens);
        private readonly Option<int?> _quietTokens = Count("--quiet-tokens", "Tokens that each stream generates before the long prompts", Defaults.QuietTokens, MaxTokens);
        private readonly Option<int?> _longTokens = Count("--long-prompt-tokens", "Tokens of a long prompt", Defaults.LongPromptTokens, MaxTokens);
        private readonly Option<int?> _longPrompts = Count("--long-prompts", "Long prompts a round, one after another", Defaults.LongPrompts, 10_000);
        private readonly Option<int?> _rounds = Count("--rounds", "Times that everything is measured; figures are medians", Defaults.Rounds, 1000);

        private readonly Option<bool> _pinned = new("--pin") { Description = "Each worker process keeps to a processor of its own (Linux)." };

        public Option<bool> Json { get; } = new("--json") { Description = "Print a JSON array." };

        public IEnumerable<Option> All => [.. _model.All, _requests, _concurrency, _promptTokens, _quietTokens, _longTokens, _longPrompts, _rounds, _pinned, Json];

        public void Validate(CommandResult result) => _model.Validate(result);

        public ProcessOptions ReadModel(ParseResult parsed)
        {
            var read = _model.Read(parsed, LogLevel.Warning);
            return new ProcessOptions(read with { Threads = read.Threads ?? 1 }, NodeConfig.Read(null, [NodeRole.Gateway]));   // Two processes, a core each.
        }

        public DisaggBenchmarkOptions Read(ParseResult parsed) => new()
        {
            Requests = parsed.GetValue(_requests) ?? Defaults.Requests,
            Concurrency = parsed.GetValue(_concurrency) ?? Defaults.Concurrency,
            PromptTokens = parsed.GetValue(_promptTokens) ?? Defaults.PromptTokens,
            QuietTokens = parsed.GetValue(_quietTokens) ?? Defaults.QuietTokens,
            LongPromptTokens = parsed.GetValue(_longTokens) ?? Defaults.LongPromptTokens,
            LongPrompts = parsed.GetValue(_longPrompts) ?? Defaults.LongPrompts,
            Pinned = parsed.GetValue(_pinned),
            Rounds = parsed.GetValue(_rounds) ?? Defaults.Rounds,
        };

        private static Option<int?> Count(string name, string description, int fallback, int most) =>
            NumberOption.Integer(name, $"{description}. Default: {fallback}.", 1, most);
    }
}
