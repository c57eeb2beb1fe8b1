using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using ActorInference.Host.Benchmarks;
using ActorInference.Host.Cli;
using ActorInference.Host.Groups;

namespace ActorInference.Host.Commands;

/// <summary><c>actorinference bench upgrade</c>: what an upgrade does to those who use a group, in place and by recreating it.</summary>
public static class BenchUpgradeCommand
{
    public static Command Create()
    {
        var mode = new Option<string?>("--mode") { Description = "in_place or recreate. Default: both, one after the other." };
        mode.AcceptOnlyFromAmong("in_place", "recreate");
        var json = new Option<bool>("--json") { Description = "A JSON array, an object for each mode." };
        var model = new Option<string?>("--model") { Description = "Folder or GGUF file. Default: the shipped model." };
        var conversations = NumberOption.Integer("--conversations", "At the same time. Default: 2.", 1, 1000);
        var pause = NumberOption.Integer("--pause", "Milliseconds between two turns of a conversation. Default: 500.", 0, 60_000);
        var opening = NumberOption.Integer("--opening", "Sentences, of about 14 tokens each, that a conversation begins with. Default: 40.", 1, 10_000);
        var before = NumberOption.Integer("--before", "Seconds that are measured before the first upgrade. Default: 100.", 1, 3600);
        var after = NumberOption.Integer("--after", "Seconds that are measured after each. Default: 10.", 1, 3600);
        var upgrades = NumberOption.Integer("--upgrades", "One after the other, so that there are enough requests for a percentile. Default: 5.", 1, 100);
        var minReady = NumberOption.Integer("--min-ready", "Seconds that an instance is to be ready before the next one follows (minReadySeconds). Default: 2.", 0, 3600);
        var prefill = NumberOption.Integer("--prefill", "Prefill processes. Default: 2.", 1, 64);
        var decode = NumberOption.Integer("--decode", "Decode processes. Default: 2.", 1, 64);
        var stores = NumberOption.Integer("--stores", "Cache stores. Default: 3.", 0, 64);
        var seed = NumberOption.Integer("--seed", "Of the conversations. Default: 1.", 0);
        var log = new Option<string?>("--log-file") { Description = "Appended to: a JSON line of each turn, and of each change of an instance." };
        var command = new Command("upgrade", "Upgrade a group of this machine under load, and measure what its users notice.") { mode, json, model, conversations, pause, opening, before, after, upgrades, minReady, prefill, decode, stores, seed, log };
        command.SetAction(async (parsed, _) =>
        {
            if (parsed.GetValue(model) is { } path && !Path.Exists(path)) throw new UserErrorException($"--model is '{path}'; expected a model's folder or GGUF file.");
            using var signals = new SignalCancellation();
            var options = new UpgradeBenchmarkOptions(
                parsed.GetValue(model), parsed.GetValue(conversations) ?? 2, TimeSpan.FromMilliseconds(parsed.GetValue(pause) ?? 500), parsed.GetValue(opening) ?? 40, TimeSpan.FromSeconds(parsed.GetValue(before) ?? 100),
                TimeSpan.FromSeconds(parsed.GetValue(after) ?? 10), parsed.GetValue(upgrades) ?? 5, TimeSpan.FromSeconds(parsed.GetValue(minReady) ?? 2), parsed.GetValue(prefill) ?? 2, parsed.GetValue(decode) ?? 2, parsed.GetValue(stores) ?? 3, parsed.GetValue(seed) ?? 1, parsed.GetValue(log));
            var results = new List<UpgradeResult>();
            foreach (var each in parsed.GetValue(mode) is { } one ? [one] : (string[])["in_place", "recreate"]) results.Add(await new UpgradeBenchmark(options).RunAsync(each, signals.Token));
            Console.Out.WriteLine(parsed.GetValue(json) ? JsonSerializer.Serialize(results, UpgradeJson.Default.ListUpgradeResult) : Table(results));
            return CommandLine.Success;
        });
        return command;
    }

    private static string Table(IEnumerable<UpgradeResult> results) => GroupTables.Write(
        ["MODE", "TTFT P99 BEFORE", "DURING", "DIP", "HIT RATE BACK", "FAILED", "TRUNCATED", "RECOMPUTED", "UPGRADE", "UPGRADES"],
        results.Select(result => (IReadOnlyList<string>)
        [
            result.Mode, Seconds(result.TtftP99BeforeS), Seconds(result.TtftP99DuringS), result.ThroughputDip.ToString("P1", CultureInfo.InvariantCulture),
            result.HitRateRecoveryS is { } recovery ? Seconds(recovery) : "not yet", Number(result.FailedRequests), Number(result.TruncatedStreams), Number(result.RecomputedTokens), Seconds(result.UpgradeS), Number(result.Upgrades),
        ]));

    private static string Seconds(double value) => value.ToString("0.000", CultureInfo.InvariantCulture) + " s";

    private static string Number(long value) => value.ToString(CultureInfo.InvariantCulture);
}
