using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using ActorInference.Gpu.Models;
using ActorInference.Host.Benchmarks.Multiturn;
using ActorInference.Host.Cli;

namespace ActorInference.Host.Commands;

/// <summary><c>actorinference bench hit</c>: the first token of a prompt whose pages are in the stores, beside computing it.</summary>
public static class BenchHitCommand
{
    private const string DefaultShape = "qwen2.5-0.5b";

    public static Command Create()
    {
        var shape = new Option<string>("--shape") { Description = $"Of a random model. Default: {DefaultShape}.", DefaultValueFactory = _ => DefaultShape };
        shape.AcceptOnlyFromAmong([.. ModelShape.Known.Select(static known => known.Name)]);
        var model = new Option<string?>("--model") { Description = "Model folder, instead of a shape." };
        var length = NumberOption.Integer("--prompt-length", "Tokens of the prompt. Default: 2048.", 32, 1 << 20);
        var page = NumberOption.Integer("--page-size", "Tokens of a page. Default: 16.", 1, 256);
        var repeat = NumberOption.Integer("--repeat", "Prompts measured; the least of each time counts. Default: 3.", 1, 1000);
        var seed = NumberOption.Integer("--seed", "Of the prompts. Default: 1.", 0);
        var given = new Option<string[]>("--set") { Description = "Setting of the server that is measured, such as actor-inference.engine.overlap-load=0B; may be repeated." };
        var json = new Option<bool>("--json") { Description = "One JSON object." };
        var command = new Command("hit", "Measure a full hit of the storage tier beside computing the prompt.") { shape, model, length, page, repeat, seed, given, json };
        command.Validators.Add(result =>
        {
            if (result.GetValue(model) is { } folder && !Directory.Exists(folder)) result.AddError($"--model is '{folder}'; expected an existing folder.");
        });
        command.SetAction((parsed, _) => RunAsync(
            new Request(
                parsed.GetValue(shape)!, parsed.GetValue(model), parsed.GetValue(length) ?? 2048, parsed.GetValue(page) ?? 16, parsed.GetValue(repeat) ?? 3,
                parsed.GetValue(seed) ?? 1, parsed.GetValue(given) ?? [], parsed.GetValue(json))));
        return command;
    }

    private static async Task<int> RunAsync(Request request)
    {
        using var signals = new SignalCancellation();
        var folder = Path.Combine(Path.GetTempPath(), $"actorinference-hit-{Environment.ProcessId}");
        try
        {
            var model = request.Model ?? Path.Combine(folder, "model");
            if (request.Model is null) WriteModel(request, model);
            // One conversation of one prompt for each repetition, and all of them fit everywhere.
            var work = new MultiturnOptions { Clients = request.Repetitions + 1, Rounds = 1, RequestLength = request.PromptLength, MaxParallel = 1 };
            string[] arguments = [.. new BenchSizing(1, 2, request.PageSize).Arguments("l1+l2+l3", model, folder, work), .. request.Settings.SelectMany(static setting => (string[])["--set", setting])];
            await using var server = await BenchServer.StartAsync(arguments, signals.Token);
            using var client = new GenerateClient(server.Address);
            var benchmark = new HitBenchmark(client, request.PromptLength, MultiturnOptions.DefaultVocabulary, request.Seed);
            var result = await benchmark.RunAsync(request.Repetitions, Console.Error.WriteLine, signals.Token);
            Console.Out.WriteLine(request.Json ? Json(result) : Line(result));
            return CommandLine.Success;
        }
        finally
        {
            if (Directory.Exists(folder)) Directory.Delete(folder, recursive: true);
        }
    }

    private static void WriteModel(Request request, string folder)
    {
        var known = ModelShape.Find(request.Shape);
        // As much context as is needed: a server keeps room for the longest sequence.
        var shape = known with { Config = known.Config with { MaxPositionEmbeddings = request.PromptLength + 256 } };
        Console.Error.WriteLine($"Writing a random {request.Shape} ...");
        RandomModel.Write(shape, WeightDtype.F32, folder);
    }

    private static string Json(HitResult result) => new JsonObject
    {
        ["prompt_tokens"] = result.PromptTokens,
        ["storage_tokens"] = result.StorageTokens,
        ["ttft_computed_s"] = result.ComputedSeconds,
        ["ttft_hit_s"] = result.HitSeconds,
        ["ratio"] = result.Ratio,
    }.ToJsonString();

    private static string Line(HitResult result) => string.Create(
        CultureInfo.InvariantCulture,
        $"{result.PromptTokens} tokens: computed in {result.ComputedSeconds:0.000} s; {result.StorageTokens} from the stores in {result.HitSeconds:0.000} s, {result.Ratio:0.000} of that");

    private sealed record Request(string Shape, string? Model, int PromptLength, int PageSize, int Repetitions, int Seed, string[] Settings, bool Json);
}
