using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Text.Json;
using ActorInference.Cache.Radix.Eviction;
using ActorInference.Cache.Traces;
using ActorInference.Host.Benchmarks.Multiturn;
using ActorInference.Host.Benchmarks.Replay;
using ActorInference.Host.Cli;

namespace ActorInference.Host.Commands;

/// <summary><c>actorinference bench trace</c>: hit rates of a recorded trace in the cache's own policy code, without a model; or what a running server makes of it.</summary>
public static class BenchTraceCommand
{
    private const string DefaultBlocks = "1000,5000,10000,30000,50000";
    private const string DefaultPolicies = "lru,lfu,slru,adaptive";

    private static readonly JsonSerializerOptions Json = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    /// <summary>One row of the result.</summary>
    private sealed record Row(string Policy, int Blocks, double HitRate);

    public static Command Create()
    {
        var file = new Option<string>("--file") { Description = "Trace: one JSON object a line with timestamp, input_length, output_length, hash_ids.", Required = true };
        var blocks = new Option<string?>("--blocks") { Description = $"Cache sizes in blocks, with commas. Default: {DefaultBlocks}." };
        var policies = new Option<string?>("--policy") { Description = $"Policies, with commas. Default: {DefaultPolicies}." };
        var json = new Option<bool>("--json") { Description = "A JSON array of {policy, blocks, hit_rate}." };
        var replay = new ReplayFlags();
        var command = new Command("trace", "Replay a request trace through the cache's policies, or to a running server.") { file, blocks, policies, json };
        foreach (var option in replay.All) command.Add(option);
        command.Validators.Add(replay.Validate);
        command.Validators.Add(result =>
        {
            if (result.GetResult(file) is { } given && !File.Exists(given.GetValueOrDefault<string>()))
                result.AddError($"--file is '{given.GetValueOrDefault<string>()}'; expected an existing file.");
            if (ParseSizes(result.GetValue(blocks) ?? DefaultBlocks) is null)
                result.AddError($"--blocks is '{result.GetValue(blocks)}'; expected whole numbers of at least 1, with commas.");
            foreach (var name in Split(result.GetValue(policies) ?? DefaultPolicies))
            {
                if (!EvictionPolicies.Names.Contains(name)) result.AddError($"--policy is '{name}'; expected some of {string.Join(", ", EvictionPolicies.Names)}.");
            }
        });
        command.SetAction((parsed, stop) => replay.Url(parsed) is { } url ? replay.RunAsync(parsed, url, Read(parsed.GetRequiredValue(file)), parsed.GetValue(json), stop) : Task.FromResult(Run(
            parsed.GetRequiredValue(file), ParseSizes(parsed.GetValue(blocks) ?? DefaultBlocks)!, Split(parsed.GetValue(policies) ?? DefaultPolicies), parsed.GetValue(json))));
        return command;
    }

    private static int Run(string file, int[] sizes, string[] policies, bool json)
    {
        var trace = Read(file);
        var cells = policies.SelectMany(policy => sizes.Select(size => (Policy: policy, Size: size))).ToArray();
        var rows = new Row[cells.Length];
        Parallel.For(0, cells.Length, i =>
        {
            var (policy, size) = cells[i];
            rows[i] = new Row(policy, size, TraceReplay.Run(trace, policy, size).HitRate);
        });
        if (json) Console.Out.WriteLine(JsonSerializer.Serialize(rows, Json));
        else WriteTable(rows, sizes, policies);
        return CommandLine.Success;
    }

    private static List<TraceRequest> Read(string file)
    {
        try
        {
            return [.. TraceReader.Read(file)];
        }
        catch (InvalidDataException invalid)
        {
            throw new UserErrorException(invalid.Message, invalid);
        }
    }

    private static void WriteTable(Row[] rows, int[] sizes, string[] policies)
    {
        Console.Out.WriteLine(string.Join(' ', sizes.Select(static size => size.ToString("N0", CultureInfo.InvariantCulture).PadLeft(9)).Prepend("blocks    ")));
        foreach (var policy in policies)
        {
            var rates = rows.Where(row => row.Policy == policy).Select(static row => row.HitRate.ToString("0.0000", CultureInfo.InvariantCulture).PadLeft(9));
            Console.Out.WriteLine(string.Join(' ', rates.Prepend(policy.PadRight(10))));
        }
    }

    private static string[] Split(string? list) => (list ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);

    private static int[]? ParseSizes(string? list)
    {
        var sizes = Split(list).Select(static text => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var size) ? size : 0).ToArray();
        return sizes.Length > 0 && sizes.All(static size => size >= 1) ? sizes : null;
    }

    /// <summary>What is about a running server.</summary>
    private sealed class ReplayFlags
    {
        private static readonly ReplayOptions Defaults = new();

        private readonly Option<string?> _url = new("--url") { Description = "A server that runs: the trace is played to it, instead of to the policies alone." };
        private readonly Option<float?> _speed = NumberOption.Real("--speed", "With --url: times as fast as recorded. Default: 1.", 0, 1e6f, aboveMin: true);
        private readonly Option<float?> _scale = NumberOption.Real("--scale", "With --url: of the recorded lengths; a block has 512 tokens of it. Default: 0.03125.", 0, 1, aboveMin: true);
        private readonly Option<int?> _requests = NumberOption.Integer("--requests", "With --url: the trace's first ones. Default: all.", 1);
        private readonly Option<int?> _parallel = NumberOption.Integer("--max-parallel", $"With --url: requests under way at most. Default: {Defaults.MaxParallel}.", 1, 1 << 16);
        private readonly Option<int?> _vocabulary = NumberOption.Integer("--vocabulary", $"With --url: token ids are below it. Default: {Defaults.Vocabulary}.", 2);

        public IEnumerable<Option> All => [_url, _speed, _scale, _requests, _parallel, _vocabulary];

        public void Validate(CommandResult result)
        {
            if (result.GetValue(_url) is { } url && !(Uri.TryCreate(url, UriKind.Absolute, out var parsed) && parsed.Scheme is "http" or "https"))
                result.AddError($"--url is '{url}'; expected an address such as http://127.0.0.1:8000.");
            if (result.GetValue(_url) is null && All.Skip(1).FirstOrDefault(option => result.GetResult(option) is not null) is { } lonely)
                result.AddError($"{lonely.Name} is given without --url; expected both.");
        }

        public Uri? Url(ParseResult parsed) => parsed.GetValue(_url) is { } url ? new Uri(url) : null;

        public async Task<int> RunAsync(ParseResult parsed, Uri url, List<TraceRequest> trace, bool json, CancellationToken stop)
        {
            var options = new ReplayOptions
            {
                Speed = parsed.GetValue(_speed) ?? Defaults.Speed,
                Scale = parsed.GetValue(_scale) ?? Defaults.Scale,
                MaxParallel = parsed.GetValue(_parallel) ?? Defaults.MaxParallel,
                Vocabulary = parsed.GetValue(_vocabulary) ?? Defaults.Vocabulary,
            };
            using var client = new GenerateClient(url);
            ReplayResult result;
            try
            {
                result = await new ReplayRun(options, client).RunAsync(trace[..Math.Min(trace.Count, parsed.GetValue(_requests) ?? trace.Count)], stop);
            }
            catch (HttpRequestException failure)
            {
                throw new UserErrorException($"--url is '{url}'; expected a server that answers there, but: {failure.Message}", failure);
            }

            if (json) Console.Out.WriteLine(ReplayReport.Json(result));
            else foreach (var line in ReplayReport.Lines(result)) Console.Out.WriteLine(line);
            if (result.FirstFailure is { } first) Console.Error.WriteLine($"{result.Failed} requests failed; the first: {first}");
            return CommandLine.Success;
        }
    }
}
