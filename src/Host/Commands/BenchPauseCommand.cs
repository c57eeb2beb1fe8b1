using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using ActorInference.Gpu.Benchmarks;
using ActorInference.Host.Cli;

namespace ActorInference.Host.Commands;

/// <summary><c>actorinference bench pause</c>: how long running generations pause while a long prompt is computed beside them.</summary>
public static class BenchPauseCommand
{
    public static Command Create()
    {
        var defaults = new PauseBenchmarkOptions();
        var frame = new EngineBenchFrame(
            model: "", $"Tokens of the prompt beside them. Default: {defaults.PromptTokens}.", $"Times that everything is measured. Default: {defaults.Rounds}.", json: "object");
        var decodes = NumberOption.Integer("--decodes", $"Sequences that decode. Default: {defaults.Decodes}.", 1, 256);
        var quiet = NumberOption.Integer("--quiet-tokens", $"Tokens that each decodes before. Default: {defaults.QuietTokens}.", 8, 1 << 20);
        var seconds = NumberOption.Integer("--seconds", $"Seconds after which measuring is cut short, loading not counted. Default: {defaults.Limit.TotalSeconds}.", 1, 86_400);
        var stretch = NumberOption.Real("--stretch", $"Of a decode step, how long one with prompt tokens may last; 0 for no limit. Default: {defaults.StepStretch.ToString(CultureInfo.InvariantCulture)}.", 0, 1000);
        var command = frame.Create("pause", "Measure how long generations pause while a long prompt is computed beside them.", decodes, quiet, seconds, stretch);
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
            frame.Run(parsed, model => ToJson(options, PauseBenchmark.Run(model, options, static line => Console.Error.WriteLine(line))), static json => json, Write);
        });
        return command;
    }

    private static void Write(JsonObject measured) => Console.Out.WriteLine(string.Join('\n', measured.Select(static field => $"{field.Key}: {field.Value}")));

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
    };

    /// <summary>Null for what was not measured in the time given.</summary>
    private static JsonValue? Rounded(double value) => double.IsNaN(value) ? null : JsonValue.Create(Math.Round(value, 4));
}
