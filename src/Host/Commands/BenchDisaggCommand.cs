using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using ActorInference.Host.Benchmarks.Disagg;
using ActorInference.Host.Cli;
using ActorInference.Host.Composition;
using ActorInference.Roles.Composition;

namespace ActorInference.Host.Commands;

/// <summary><c>actorinference bench disagg</c>: prefill and decode apart against together, at the same load on the same cores.</summary>
public static class BenchDisaggCommand
{
    private const int Decimals = 4;

    private static readonly JsonSerializerOptions Json = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower, WriteIndented = true };

    public static Command Create()
    {
        var options = new Options();
        var command = new Command("disagg", "Measure prefill and decode in processes of their own against processes that do both.");
        foreach (var option in options.All) command.Add(option);
        command.Validators.Add(options.Validate);
        command.SetAction((parsed, _) => RunAsync(options.ReadModel(parsed), options.Read(parsed), parsed.GetValue(options.Json)));
        return command;
    }

    private static async Task<int> RunAsync(ProcessOptions model, DisaggOptions load, bool json)
    {
        using var signals = new SignalCancellation();
        var served = LoadedModel.LoadServed(model);
        var needed = Math.Max(load.LongPromptTokens + 1, load.PromptTokens + 3);
        if (served.ContextTokens < needed)
            throw new UserErrorException($"--model has a context of {served.ContextTokens} tokens; expected at least {needed} for these prompts.");
        if (load.Pinned && Environment.ProcessorCount < 2)
            throw new UserErrorException($"--pin is given; expected at least 2 processors, and this process may use {Environment.ProcessorCount}.");
        var report = await new DisaggBenchmark(served, model, load).RunAsync(signals.Token);
        if (json) Console.Out.WriteLine(Write(report));
        else WriteTable(report);
        return CommandLine.Success;
    }

    private static string Write(DisaggReport report) => Rounded(JsonSerializer.SerializeToNode(report, Json)!)!.ToJsonString(Json);

    private static JsonNode? Rounded(JsonNode? node) => node switch
    {
        JsonObject fields => new JsonObject(fields.Select(field => KeyValuePair.Create(field.Key, Rounded(field.Value)))),
        JsonArray items => new JsonArray([.. items.Select(Rounded)]),
        JsonValue value when value.GetValueKind() == JsonValueKind.Number => Math.Round(value.GetValue<double>(), Decimals),
        _ => node?.DeepClone(),
    };

    private static void WriteTable(DisaggReport report)
    {
        var first = report.FirstToken;
        Line($"first token, {first.PromptTokens} tokens, {first.Pairs} pairs, ms: disaggregated {first.DisaggregatedMs:0.00}, aggregated {first.AggregatedMs:0.00}, later by {first.OverheadMs:0.00} ± {first.OverheadErrorMs:0.00}");
        Line($"  beyond computing: later by {first.BeyondComputeOverheadMs:0.00} ± {first.BeyondComputeOverheadErrorMs:0.00}, p99 {first.BeyondComputeOverheadP99Ms:0.00}");
        Line($"  until the first step: {first.DisaggregatedDispatchMs:0.00} and {first.AggregatedDispatchMs:0.00}; from the last one to the client: {first.DisaggregatedHandoverMs:0.00} and {first.AggregatedHandoverMs:0.00}; to the second token: {first.DisaggregatedSecondTokenMs:0.00} and {first.AggregatedSecondTokenMs:0.00}");
        foreach (var each in first.Processors)
            Line($"  prompts by processor {each.Processor}: disaggregated {each.DisaggregatedMs:0.00}, aggregated {each.AggregatedMs:0.00}, later by {each.OverheadMs:0.00}");
        Line($"mode           itl alone p50 ms  p99 ms  beside prompts p50 ms  p99 ms  ratio  over the bare loop's  max ms  step p50 ms  p99 ms  between steps p99 ms  waited  stolen  long first token ms");
        foreach (var r in report.BesidePrompts)
            Line($"{r.Mode,-13}  {r.ItlMedianAloneMs,16:0.00}  {r.ItlP99AloneMs,6:0.00}  {r.ItlMedianBesideMs,21:0.00}  {r.ItlP99BesideMs,6:0.00}  {r.ItlP99OverMedianBeside,5:0.00}  {r.ItlP99OverMedianBesideOverMachine,20:0.00}  {r.ItlMaxBesideMs,6:0.0}  {r.StepMedianBesideMs,11:0.00}  {r.StepP99BesideMs,6:0.00}  {r.BetweenStepsP99BesideMs,20:0.00}  {r.WaitedShareBeside,6:0.0 %}  {r.StolenShareBeside,6:0.0 %}  {r.LongFirstTokenMs,19:0}");
        if (report.Machine is { } machine)
            Line($"a bare loop of such steps: alone p50 {machine.StepMedianAloneMs:0.00} ms, p99 {machine.P99OverMedianAlone:0.00} times; beside another that computes {machine.StepMedianBesideMs:0.00} ms, {machine.P99OverMedianBeside:0.00} times, {machine.StolenShareBeside:0.0 %} stolen");
    }

    private static void Line(FormattableString text) => Console.Out.WriteLine(text.ToString(CultureInfo.InvariantCulture));

    private sealed class Options
    {
        private const int MaxTokens = 1 << 20;

        private static readonly DisaggOptions Defaults = new();

        private readonly ModelFlags _model = new();
        private readonly Option<int?> _promptTokens = Count("--prompt-tokens", "Tokens of the prompts for the first token's time, and of the streams'", Defaults.PromptTokens, MaxTokens);
        private readonly Option<int?> _pairs = Count("--pairs", "How often a prompt is answered both ways on each processor", Defaults.Pairs, 100_000);
        private readonly Option<int?> _concurrency = Count("--concurrency", "Streams that generate beside the long prompts", Defaults.Concurrency, 256);
        private readonly Option<int?> _aloneSteps = Count("--alone-steps", "Steps of each stream that are measured before the long prompts", Defaults.AloneSteps, MaxTokens);
        private readonly Option<int?> _besideSteps = Count("--beside-steps", "Least steps of each stream that are measured beside them", Defaults.BesideSteps, MaxTokens);
        private readonly Option<int?> _longTokens = Count("--long-prompt-tokens", "Tokens of a long prompt", Defaults.LongPromptTokens, MaxTokens);
        private readonly Option<int?> _longPrompts = Count("--long-prompts", "Least long prompts that are processed to their end, disaggregated", Defaults.LongPrompts, 10_000, least: 0);
        private readonly Option<int?> _rounds = Count("--rounds", "Times that streams are measured beside prompts, on the other processor each time; figures are medians", Defaults.Rounds, 1000);
        private readonly Option<int?> _bareSteps = Count("--bare-steps", "Steps of a bare loop that shows what the machine does to them; 0 is none", Defaults.BareSteps, MaxTokens, least: 0);
        private readonly Option<string[]> _given = new("--set") { Description = "Setting of the workers, such as actor-inference.engine.turn=0s; may be repeated." };
        private readonly Option<bool> _pinned = new("--pin") { Description = "Each worker process keeps to a processor of its own, and the gateway to that of the prompts (Linux)." };
        private readonly Option<bool> _freeGateway = new("--free-gateway") { Description = "With --pin, the gateway goes where the system puts it." };

        public Option<bool> Json { get; } = new("--json") { Description = "Print a JSON object." };

        public IEnumerable<Option> All =>
            [.. _model.All, _promptTokens, _pairs, _concurrency, _aloneSteps, _besideSteps, _longTokens, _longPrompts, _rounds, _bareSteps, _given, _pinned, _freeGateway, Json];

        public void Validate(CommandResult result)
        {
            _model.Validate(result);
            foreach (var given in result.GetValue(_given) ?? [])
            {
                if (!NodeConfig.IsSetting(given)) result.AddError($"--set is '{given}'; expected name=value, such as actor-inference.engine.turn=0s.");
            }
        }

        public ProcessOptions ReadModel(ParseResult parsed)
        {
            var read = _model.Read(parsed, LogLevel.Warning);
            return new ProcessOptions(read with { Threads = read.Threads ?? 1 }, NodeConfig.Read(null, [NodeRole.Gateway], parsed.GetValue(_given)));   // Two processes, a core each.
        }

        public DisaggOptions Read(ParseResult parsed) => new()
        {
            PromptTokens = parsed.GetValue(_promptTokens) ?? Defaults.PromptTokens,
            Pairs = parsed.GetValue(_pairs) ?? Defaults.Pairs,
            Concurrency = parsed.GetValue(_concurrency) ?? Defaults.Concurrency,
            AloneSteps = parsed.GetValue(_aloneSteps) ?? Defaults.AloneSteps,
            BesideSteps = parsed.GetValue(_besideSteps) ?? Defaults.BesideSteps,
            LongPromptTokens = parsed.GetValue(_longTokens) ?? Defaults.LongPromptTokens,
            LongPrompts = parsed.GetValue(_longPrompts) ?? Defaults.LongPrompts,
            Rounds = parsed.GetValue(_rounds) ?? Defaults.Rounds,
            BareSteps = parsed.GetValue(_bareSteps) ?? Defaults.BareSteps,
            Pinned = parsed.GetValue(_pinned),
            FreeGateway = parsed.GetValue(_freeGateway),
        };

        private static Option<int?> Count(string name, string description, int fallback, int most, int least = 1) =>
            NumberOption.Integer(name, $"{description}. Default: {fallback}.", least, most);
    }
}
