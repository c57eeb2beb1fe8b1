using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using ActorInference.Cache.Radix.Eviction;
using ActorInference.Cache.Traces;
using ActorInference.Host.Cli;

namespace ActorInference.Host.Commands;

/// <summary><c>actorinference bench trace</c>: hit rates of a recorded trace in the cache's own policy code, without a model.</summary>
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
        var command = new Command("trace", "Replay a request trace through the cache's policies.") { file, blocks, policies, json };
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
        command.SetAction(parsed => Run(
            parsed.GetRequiredValue(file), ParseSizes(parsed.GetValue(blocks) ?? DefaultBlocks)!, Split(parsed.GetValue(policies) ?? DefaultPolicies), parsed.GetValue(json)));
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
}
