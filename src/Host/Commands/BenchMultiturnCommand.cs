using System.CommandLine;
using System.CommandLine.Parsing;
using ActorInference.Host.Benchmarks.Multiturn;
using ActorInference.Host.Cli;
using Spectre.Console;

namespace ActorInference.Host.Commands;

/// <summary><c>actorinference bench multiturn</c>: conversations against a server, as SGLang's bench_multiturn has them, by cache tiers.</summary>
public static class BenchMultiturnCommand
{
    public static Command Create()
    {
        var options = new Options();
        var command = new Command("multiturn", "Measure conversations by cache tiers: hit rate, time to first token, input tokens a second.");
        foreach (var option in options.All) command.Add(option);
        command.Validators.Add(options.Validate);
        command.SetAction((parsed, _) => RunAsync(options.Read(parsed)));
        return command;
    }

    private static async Task<int> RunAsync(Request request)
    {
        using var signals = new SignalCancellation();
        var rows = new List<(string Tiers, MultiturnResult Result)>();
        var folder = Path.Combine(Path.GetTempPath(), $"actorinference-bench-{Environment.ProcessId}");
        try
        {
            var model = request.Model ?? Path.Combine(folder, "model");
            if (request is { BaseUrl: null, Model: null }) BenchSizing.WriteModel(model, request.Work);
            foreach (var tiers in request.Tiers) rows.AddRange(await MeasureAsync(request, tiers, model, folder, signals.Token));
        }
        finally
        {
            if (Directory.Exists(folder)) Directory.Delete(folder, recursive: true);
        }

        foreach (var line in request.Json ? [MultiturnReport.Json(rows)] : MultiturnReport.Table(rows)) Console.Out.WriteLine(line);
        if (request.Chart is { } chart) await File.WriteAllTextAsync(chart, MultiturnChart.Draw(rows));
        return rows.All(static row => row.Result.Failed == 0) ? CommandLine.Success : CommandLine.Failure;
    }

    private static async Task<List<(string Tiers, MultiturnResult Result)>> MeasureAsync(
        Request request, string tiers, string model, string folder, CancellationToken stop)
    {
        var rows = new List<(string, MultiturnResult)>();
        await using var server = request.BaseUrl is null ? await BenchServer.StartAsync(request.Sizing.Arguments(tiers, model, folder, request.Work), stop) : null;
        using var client = new GenerateClient(request.BaseUrl ?? server!.Address);
        foreach (var rate in request.Rates)
        {
            await client.WarmUpAsync(stop);
            await client.FlushAsync(stop);
            var run = new MultiturnRun(request.Work with { RequestRate = rate }, client);
            var result = await ShowAsync($"{tiers} at {rate:0.#}/s", progress => run.RunAsync(progress, stop));
            if (run.FirstFailure is { } failure) Console.Error.WriteLine($"{tiers}: {result.Failed} of {result.Requests} requests failed, the first of: {failure}");
            rows.Add((tiers, result));
            if (request.Log is { } log) await File.AppendAllTextAsync(log, MultiturnReport.LogLine(tiers, result, DateTimeOffset.UtcNow) + "\n", stop);
        }

        return rows;
    }

    private static async Task<MultiturnResult> ShowAsync(string name, Func<Action<int, int>, Task<MultiturnResult>> run)
    {
        if (Console.IsErrorRedirected)
        {
            Console.Error.WriteLine($"Running {name} ...");
            return await run(static (_, _) => { });
        }

        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Error) });
        return await console.Progress()
            .Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn(), new RemainingTimeColumn())
            .StartAsync(context =>
            {
                var task = context.AddTask(Markup.Escape(name));
                return run((done, total) =>
                {
                    task.MaxValue = total;
                    task.Value = done;
                });
            });
    }

    /// <summary>What was asked for, checked.</summary>
    private sealed record Request(
        MultiturnOptions Work, IReadOnlyList<double> Rates, string[] Tiers, BenchSizing Sizing, Uri? BaseUrl, string? Model, bool Json, string? Log, string? Chart);

    private sealed class Options
    {
        private static readonly MultiturnOptions Defaults = new();

        private readonly Option<int?> _clients = NumberOption.Integer("--clients", $"Conversations. Default: {Defaults.Clients}.", 1, 1 << 20);
        private readonly Option<int?> _rounds = NumberOption.Integer("--rounds", $"Requests of each. Default: {Defaults.Rounds}.", 1, 1 << 16);
        private readonly Option<int?> _request = NumberOption.Integer("--request-length", $"Tokens that each round adds. Default: {Defaults.RequestLength}.", 1, 1 << 20);
        private readonly Option<int?> _output = NumberOption.Integer("--output-length", $"Tokens of each answer. Default: {Defaults.OutputLength}.", 1, 1 << 16);
        private readonly Option<int?> _parallel = NumberOption.Integer("--max-parallel", $"Requests under way at most. Default: {Defaults.MaxParallel}.", 1, 1 << 16);
        private readonly Option<float?> _rate = NumberOption.Real("--request-rate", $"Requests a second. Default: {Defaults.RequestRate}.", 0, 1e6f, aboveMin: true);
        private readonly Option<bool> _barrier = new("--round-barrier") { Description = "All clients end a round before the next begins." };
        private readonly Option<float?> _pause = NumberOption.Real("--barrier-seconds", "Pause at a barrier. Default: 10.", 0, 3600);
        private readonly Option<bool> _single = new("--disable-auto-run") { Description = "One request rate, instead of a sweep from 16 down to 1." };
        private readonly Option<string> _tiers = new("--tiers") { Description = "l1, l1+l2, l1+l2+l3, or several with commas.", DefaultValueFactory = _ => string.Join(',', BenchSizing.TierNames) };
        private readonly Option<float?> _l1 = NumberOption.Real("--l1-share", "Of all conversations' pages, what the device's cache holds. Default: 0.1.", 0, 1);
        private readonly Option<float?> _l2 = NumberOption.Real("--l2-share", "And what host memory holds. Default: 0.4.", 0, 4);
        private readonly Option<int?> _pageSize = NumberOption.Integer("--page-size", "Tokens of a page. Default: 16.", 1, 256);
        private readonly Option<string?> _url = new("--base-url") { Description = "A server that runs. Default: starts its own for each of the tiers." };
        private readonly Option<string?> _model = new("--model") { Description = "Model folder of its own server. Default: a random model of 75 million parameters." };
        private readonly Option<int?> _vocabulary = NumberOption.Integer("--vocabulary", $"Token ids are below it. Default: {Defaults.Vocabulary}.", 2);
        private readonly Option<int?> _seed = NumberOption.Integer("--seed", "Of prompts and pauses. Default: 1.", 0);
        private readonly Option<string?> _tag = new("--tag") { Description = "Written to the log." };
        private readonly Option<bool> _json = new("--json") { Description = "A JSON array, one object for each of the tiers." };
        private readonly Option<string?> _log = new("--log-file") { Description = "JSON lines are added to it, one a run." };
        private readonly Option<string?> _chart = new("--chart") { Description = "An SVG file of time to first token and hit rate by tiers." };

        public IEnumerable<Option> All =>
        [
            _clients, _rounds, _request, _output, _parallel, _rate, _barrier, _pause, _single, _tiers, _l1, _l2, _pageSize, _url, _model,
            _vocabulary, _seed, _tag, _json, _log, _chart,
        ];

        public void Validate(CommandResult result)
        {
            foreach (var name in Tiers(result.GetValue(_tiers)))
            {
                if (!BenchSizing.TierNames.Contains(name)) result.AddError($"--tiers is '{name}'; expected some of {string.Join(", ", BenchSizing.TierNames)}, with commas.");
            }

            if (result.GetValue(_url) is { } url && !(Uri.TryCreate(url, UriKind.Absolute, out var parsed) && parsed.Scheme is "http" or "https"))
                result.AddError($"--base-url is '{url}'; expected an address such as http://127.0.0.1:8000.");
            if (result.GetValue(_model) is { } model && !Directory.Exists(model)) result.AddError($"--model is '{model}'; expected an existing folder.");
        }

        public Request Read(ParseResult parsed)
        {
            var work = new MultiturnOptions
            {
                Clients = parsed.GetValue(_clients) ?? Defaults.Clients,
                Rounds = parsed.GetValue(_rounds) ?? Defaults.Rounds,
                RequestLength = parsed.GetValue(_request) ?? Defaults.RequestLength,
                OutputLength = parsed.GetValue(_output) ?? Defaults.OutputLength,
                MaxParallel = parsed.GetValue(_parallel) ?? Defaults.MaxParallel,
                RequestRate = parsed.GetValue(_rate) ?? Defaults.RequestRate,
                RoundBarrier = parsed.GetValue(_barrier),
                BarrierPause = TimeSpan.FromSeconds(parsed.GetValue(_pause) ?? 10),
                Vocabulary = parsed.GetValue(_vocabulary) ?? Defaults.Vocabulary,
                Seed = parsed.GetValue(_seed) ?? Defaults.Seed,
                Tag = parsed.GetValue(_tag) ?? "",
            };
            return new Request(
                work,
                parsed.GetValue(_single) ? [work.RequestRate] : MultiturnOptions.SweepRates,
                Tiers(parsed.GetValue(_tiers)),
                new BenchSizing(parsed.GetValue(_l1) ?? 0.1, parsed.GetValue(_l2) ?? 0.4, parsed.GetValue(_pageSize) ?? 16),
                parsed.GetValue(_url) is { } url ? new Uri(url) : null,
                parsed.GetValue(_model),
                parsed.GetValue(_json),
                parsed.GetValue(_log),
                parsed.GetValue(_chart));
        }

        private static string[] Tiers(string? list) => (list ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
    }
}
