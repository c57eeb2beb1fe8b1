using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using ActorInference.Gpu.Benchmarks;
using ActorInference.Host.Cli;

namespace ActorInference.Host.Commands;

/// <summary><c>actorinference bench pause</c>: how long running generations pause while a long prompt is computed beside them.</summary>
public static class BenchPauseCommand
{
    /// <summary>Of the steps beside the prompt that took longest, so many are shown.</summary>
    private const int Longest = 8;

    public static Command Create()
    {
        var defaults = new PauseBenchmarkOptions();
        var frame = new EngineBenchFrame(
            model: "", $"Tokens of the prompt beside them. Default: {defaults.PromptTokens}.", $"Times that everything is measured. Default: {defaults.Rounds}.", json: "object");
        var decodes = NumberOption.Integer("--decodes", $"Sequences that decode. Default: {defaults.Decodes}.", 1, 256);
        var quiet = NumberOption.Integer("--quiet-tokens", $"Tokens that each decodes before. Default: {defaults.QuietTokens}.", 8, 1 << 20);
        var seconds = NumberOption.Integer("--seconds", $"Seconds after which measuring is cut short, loading not counted. Default: {defaults.Limit.TotalSeconds}.", 1, 86_400);
        var stretch = NumberOption.Real("--stretch", $"Of a decode step, how long one with prompt tokens may last; 0 for no limit. Default: {defaults.StepStretch.ToString(CultureInfo.InvariantCulture)}.", 0, 1000);
        var steps = new Option<string?>("--steps") { Description = "File for the figures of each step, a line of comma-separated values." };
        var command = frame.Create("pause", "Measure how long generations pause while a long prompt is computed beside them.", decodes, quiet, seconds, stretch, steps);
        command.Validators.Add(result =>
        {
            if (result.GetValue(stretch) is > 0 and <= 1 and var value) result.AddError($"--stretch is {value.ToString(CultureInfo.InvariantCulture)}; expected 0, or more than 1.");
        });
        command.SetAction(parsed =>
        {
            var options = new PauseBenchmarkOptions
            {
                Decodes = parsed.GetValue(decodes) ?? defaults.Decodes,
                PromptTokens = parsed.GetValue(frame.PromptTokens) ?? defaults.PromptTokens,
                QuietTokens = parsed.GetValue(quiet) ?? defaults.QuietTokens,
                Rounds = parsed.GetValue(frame.Rounds) ?? defaults.Rounds,
                Limit = parsed.GetValue(seconds) is { } limit ? TimeSpan.FromSeconds(limit) : defaults.Limit,
                Threads = parsed.GetValue(frame.Threads) ?? defaults.Threads,
                StepStretch = parsed.GetValue(stretch) ?? defaults.StepStretch,
            };
            using var file = parsed.GetValue(steps) is { } path ? Open(path) : null;
            frame.Run(parsed, model => Measure(model, options, file), static json => json, Write);
        });
        return command;
    }

    /// <summary>Before anything is measured, which takes minutes.</summary>
    private static StreamWriter Open(string path)
    {
        try
        {
            return new StreamWriter(path);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new UserErrorException($"--steps is '{path}'; it cannot be written: {failure.Message}", failure);
        }
    }

    private static JsonObject Measure(string model, PauseBenchmarkOptions options, StreamWriter? steps)
    {
        var result = PauseBenchmark.Run(model, options, static line => Console.Error.WriteLine(line));
        if (steps is not null)
        {
            steps.WriteLine(PauseStep.Header);
            foreach (var step in result.Steps) steps.WriteLine(step);
        }

        return ToJson(options, result);
    }

    private static void Write(JsonObject measured) => Console.Out.WriteLine(string.Join('\n', measured.Select(static field => $"{field.Key}: {field.Value?.ToJsonString()}")));

    private static JsonObject ToJson(PauseBenchmarkOptions options, PauseBenchmarkResult result) => new()
    {
        ["decodes"] = options.Decodes,
        ["prompt_tokens"] = options.PromptTokens,
        ["step_stretch"] = Math.Round(options.StepStretch, 3),
        ["rounds"] = result.Rounds,
        ["quiet_itl_p50_ms"] = Rounded(result.QuietP50Ms),
        ["quiet_itl_p99_ms"] = Rounded(result.QuietP99Ms),
        ["beside_itl_p50_ms"] = Rounded(result.BesideP50Ms),
        ["beside_itl_p99_ms"] = Rounded(result.BesideP99Ms),
        ["beside_p99_by_quiet_p50"] = Rounded(result.Ratio),
        ["beside_tokens"] = result.BesideTokens,
        ["first_token_beside_s"] = Rounded(result.FirstTokenSeconds),
        ["first_token_alone_s"] = Rounded(result.FirstTokenAloneSeconds),
        ["beside_chunk_p50"] = Rounded(result.ChunkP50),
        ["beside_overrun_p99"] = Rounded(result.OverrunP99),
        ["longest_steps"] = new JsonArray([.. result.Longest(Longest).Select(ToJson)]),
    };

    private static JsonObject ToJson(PauseStep step) => new()
    {
        ["ms"] = Rounded(step.Ms),
        ["foretold_ms"] = Rounded(step.ForetoldMs > 0 ? step.ForetoldMs : double.NaN),
        ["decodes"] = step.Work.DecodeTokens,
        ["prompt_tokens"] = step.Work.PrefillTokens,
        ["position"] = Rounded(step.Position),
        ["busy"] = Rounded(step.Busy),
        ["collection_ms"] = Rounded(step.CollectionMs),
        ["gap_ms"] = Rounded(step.GapMs),
    };

    /// <summary>Null for what was not measured in the time given.</summary>
    private static JsonValue? Rounded(double value) => double.IsNaN(value) ? null : JsonValue.Create(Math.Round(value, 4));
}
