using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using ActorInference.Cache.Traces;
using ActorInference.Host.Benchmarks.Routing;
using ActorInference.Host.Cli;

namespace ActorInference.Host.Commands;

/// <summary><c>actorinference bench route</c>: what the router's choice of workers makes of their caches, without a model.</summary>
public static class BenchRouteCommand
{
    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        WriteIndented = true,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower) },
    };

    public static Command Create()
    {
        var work = new RouteConversations();
        var defaults = new RouteWorkers();
        var prefill = NumberOption.Integer("--prefill", $"Prefill workers. Default: {defaults.Prefill}.", 1, MostOfRole);
        var decode = NumberOption.Integer("--decode", $"Decode workers. Default: {defaults.Decode}.", 1, MostOfRole);
        var cache = NumberOption.Integer("--cache-tokens", $"Tokens that each worker's cache holds. Default: {defaults.CacheTokens}.", 1);
        var speed = NumberOption.Real("--prefill-rate", $"Prompt tokens that a worker computes a second. Default: {defaults.PrefillTokensPerSecond}.", 0, 1e9f, aboveMin: true);
        var clients = NumberOption.Integer("--clients", $"Conversations. Default: {work.Clients}.", 1, 1 << 16);
        var rounds = NumberOption.Integer("--rounds", $"Requests of each. Default: {work.Rounds}.", 1, 1 << 10);
        var groups = NumberOption.Integer("--groups", $"Beginnings that conversations share. Default: {work.Groups}.", 1, 1 << 16);
        var rate = NumberOption.Real("--request-rate", $"Requests a second. Default: {work.RequestRate}.", 0, 1e6f, aboveMin: true);
        var file = new Option<string?>("--file") { Description = "A trace instead, as bench trace has them." };
        var faster = NumberOption.Real("--trace-speed", "Times as fast as the trace was recorded. Default: 1.", 0, 1e6f, aboveMin: true);
        var json = new Option<bool>("--json") { Description = "Print a JSON array." };
        var command = new Command("route", "Measure what routing by prefix, load or turns makes of the workers' caches.") { prefill, decode, cache, speed, clients, rounds, groups, rate, file, faster, json };
        command.Validators.Add(result =>
        {
            if (result.GetValue(file) is { } given && !File.Exists(given)) result.AddError($"--file is '{given}'; expected an existing file.");
        });
        command.SetAction(parsed =>
        {
            var requests = parsed.GetValue(file) is { } trace
                ? ReadTrace(trace, parsed.GetValue(faster) ?? 1)
                : RouteWork.Conversations(
                    work with
                    {
                        Clients = parsed.GetValue(clients) ?? work.Clients,
                        Rounds = parsed.GetValue(rounds) ?? work.Rounds,
                        Groups = parsed.GetValue(groups) ?? work.Groups,
                        RequestRate = parsed.GetValue(rate) ?? work.RequestRate,
                    },
                    seed: 1);
            var workers = defaults with
            {
                Prefill = parsed.GetValue(prefill) ?? defaults.Prefill,
                Decode = parsed.GetValue(decode) ?? defaults.Decode,
                CacheTokens = parsed.GetValue(cache) ?? defaults.CacheTokens,
                PrefillTokensPerSecond = parsed.GetValue(speed) ?? defaults.PrefillTokensPerSecond,
            };
            var results = Enum.GetValues<RoutePolicy>().Select(policy => RouteSimulation.Run(requests, workers, policy)).ToList();
            if (parsed.GetValue(json)) Console.Out.WriteLine(JsonSerializer.Serialize(results, Json));
            else WriteTable(results);
            return CommandLine.Success;
        });
        return command;
    }

    /// <summary>What the router's index tells apart, both roles together.</summary>
    private const int MostOfRole = 32;

    private static RouteWork ReadTrace(string file, double speed)
    {
        try
        {
            var work = RouteWork.Of(TraceReader.Read(file), speed);
            return work.Requests.Count > 0 ? work : throw new UserErrorException($"--file is '{file}'; expected at least one request in it.");
        }
        catch (InvalidDataException invalid)
        {
            throw new UserErrorException(invalid.Message, invalid);
        }
    }

    private static void WriteTable(IReadOnlyList<RouteResult> results)
    {
        Console.Out.WriteLine("policy            requests  prefill hit rate  decode hit rate   ttft ms  p99 ms  busiest worker  later half: prefill hit rate  decode hit rate");
        foreach (var r in results)
        {
            Console.Out.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{JsonNamingPolicy.SnakeCaseLower.ConvertName(r.Policy.ToString()),-16}  {r.Requests,8}  {r.PrefillHitRate,16:0.0 %}  {r.DecodeHitRate,15:0.0 %}  {r.TtftMs,8:0}  {r.TtftMsP99,6:0}  {r.BusiestShare,14:0.0 %}  {r.LaterPrefillHitRate,28:0.0 %}  {r.LaterDecodeHitRate,15:0.0 %}"));
        }
    }
}
