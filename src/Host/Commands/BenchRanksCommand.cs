using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using ActorInference.Gpu.Benchmarks;
using ActorInference.Gpu.Models;
using ActorInference.Gpu.Ranks;
using ActorInference.Host.Cli;
using ActorInference.Host.Composition;

namespace ActorInference.Host.Commands;

/// <summary><c>actorinference bench ranks</c>: what it takes processes of this machine to add their numbers up, as the ranks of a model do.</summary>
public static class BenchRanksCommand
{
    private const string PeerName = "ranks-peer";

    /// <summary>One row of a small model, eight, and a step of a prompt.</summary>
    private static readonly int[] DefaultSizes = [896, 8 * 896, 512 * 896];

    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    public static Command Create()
    {
        var ranks = NumberOption.Integer("--ranks", "Processes. Default: 2.", 2, ModelShard.MaxRanks);
        var rounds = NumberOption.Integer("--rounds", "Sums of each size. Default: 5000.", 10, 10_000_000);
        var sizes = new Option<int[]>("--floats") { Description = "Numbers of each process, one measurement for each.", AllowMultipleArgumentsPerToken = true, DefaultValueFactory = _ => DefaultSizes };
        sizes.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int[]>() is { } given && given.Any(size => size < 1)) result.AddError("--floats has a number below 1; expected at least 1.");
        });
        var json = new Option<bool>("--json") { Description = "Print a JSON array." };
        var command = new Command("ranks", "Measure sums over processes that share memory.") { ranks, rounds, sizes, json };
        command.SetAction(parsed => Run(parsed.GetValue(ranks) ?? 2, parsed.GetValue(sizes)!, parsed.GetValue(rounds) ?? 5000, parsed.GetValue(json)));
        return command;
    }

    /// <summary>The other processes, which it starts.</summary>
    public static Command CreatePeer()
    {
        var path = new Argument<string>("group");
        var rank = new Argument<int>("rank");
        var ranks = new Argument<int>("ranks");
        var rounds = new Argument<int>("rounds");
        var sizes = new Argument<int[]>("floats");
        var command = new Command(PeerName, "Another process of bench ranks.") { path, rank, ranks, rounds, sizes };
        command.Hidden = true;
        command.SetAction(parsed =>
        {
            RankBenchmark.RunPeer(parsed.GetRequiredValue(path), parsed.GetValue(rank), parsed.GetValue(ranks), parsed.GetRequiredValue(sizes), parsed.GetValue(rounds));
            return CommandLine.Success;
        });
        return command;
    }

    private static int Run(int ranks, int[] sizes, int rounds, bool json)
    {
        if (!RankGroup.IsSupported) throw new UserErrorException("bench ranks needs shared memory as Linux has it in /dev/shm.");
        var results = RankBenchmark.Run(ranks, sizes, rounds, (rank, path) => OwnProgram.Start(
            ["bench", PeerName, path, Text(rank), Text(ranks), Text(rounds), .. sizes.Select(Text)]));
        if (json) Console.Out.WriteLine(JsonSerializer.Serialize(results.Select(Describe), Indented));
        else foreach (var result in results) Console.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{result.Floats,9} numbers: p50 {result.MicrosecondsP50,8:0.0} us, p99 {result.MicrosecondsP99,8:0.0} us"));
        return results.All(result => result.Wrong == 0) ? CommandLine.Success : CommandLine.Failure;
    }

    private static object Describe(RankBenchmarkResult result) => new
    {
        floats = result.Floats,
        p50_us = Math.Round(result.MicrosecondsP50, 1),
        p99_us = Math.Round(result.MicrosecondsP99, 1),
        wrong = result.Wrong,
    };

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
