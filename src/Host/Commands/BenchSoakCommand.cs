using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using ActorInference.Host.Benchmarks.Soak;
using ActorInference.Host.Cli;

namespace ActorInference.Host.Commands;

/// <summary><c>actorinference bench soak</c>: the storage tier under churn for long, and whether it counts right, keeps its quota and does not grow.</summary>
public static class BenchSoakCommand
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    public static Command Create()
    {
        var defaults = new SoakOptions();
        var minutes = NumberOption.Real("--minutes", "How long. Default: 30.", 0, 10_000, aboveMin: true);
        var operations = NumberOption.Integer("--operations", "How many operations instead, as fast as they go.", 1);
        var seed = NumberOption.Integer("--seed", "Of what is done. Default: 1.", 0);
        var stores = NumberOption.Integer("--stores", $"Stores. Default: {defaults.Stores}.", 1, 16);
        var memory = NumberOption.Bytes("--memory", "Memory of a store. Default: 8MiB.");
        var quota = NumberOption.Bytes("--disk-quota", "Disk of a store. Default: 16MiB.");
        var json = new Option<bool>("--json") { Description = "A JSON object." };
        var command = new Command("soak", "Work the storage tier for long: put, get, remove, snapshot, kill stores; and count.") { minutes, operations, seed, stores, memory, quota, json };
        command.Validators.Add(result =>
        {
            foreach (var option in new[] { memory, quota })
            {
                if (result.GetValue(option) is < 1 << 20) result.AddError($"{option.Name} is {result.GetValue(option)}; expected at least 1MiB.");
            }

            if (result.GetResult(minutes) is not null && result.GetResult(operations) is not null) result.AddError("--minutes and --operations are both given; expected one of them.");
        });
        command.SetAction(async (parsed, _) =>
        {
            using var signals = new SignalCancellation();
            var options = new SoakOptions
            {
                Operations = parsed.GetValue(operations),
                Duration = TimeSpan.FromMinutes(parsed.GetValue(minutes) ?? defaults.Duration.TotalMinutes),
                Seed = parsed.GetValue(seed) ?? defaults.Seed,
                Stores = parsed.GetValue(stores) ?? defaults.Stores,
                MemoryBytes = parsed.GetValue(memory) ?? defaults.MemoryBytes,
                DiskQuotaBytes = parsed.GetValue(quota) ?? defaults.DiskQuotaBytes,
            };
            var result = await new StoreSoak(options).RunAsync(static part => Show(part), signals.Token);
            Console.Out.WriteLine(parsed.GetValue(json) ? Json(result).ToJsonString(Indented) : string.Join('\n', Json(result).Select(static field => $"{field.Key}: {field.Value}")));
            foreach (var fault in result.Faults) Console.Error.WriteLine($"actorinference: {fault}");
            return result.Faults.Count == 0 ? CommandLine.Success : CommandLine.Failure;
        });
        return command;
    }

    private static void Show(double part)
    {
        if (!Console.IsErrorRedirected) Console.Error.Write($"\r{part,5:P0}");
    }

    private static JsonObject Json(SoakResult result) => new()
    {
        ["operations"] = result.Operations,
        ["seconds"] = result.Seconds,
        ["put_pages"] = result.PutPages,
        ["refused_pages"] = result.Refused,
        ["got_pages"] = result.GotPages,
        ["wrong_pages"] = result.WrongPages,
        ["kills"] = result.Kills,
        ["snapshots"] = result.Snapshots,
        ["checks"] = result.Checks,
        ["largest_disk_bytes"] = result.LargestDiskBytes,
        ["managed_bytes_first"] = result.ManagedBytes.FirstOrDefault(),
        ["managed_bytes_last"] = result.ManagedBytes.LastOrDefault(),
        ["managed_bytes_largest"] = result.ManagedBytes.DefaultIfEmpty().Max(),
        ["managed_bytes_per_operation"] = Math.Round(result.GrowthBytesPerOperation, 3),
        ["faults"] = new JsonArray([.. result.Faults.Select(static fault => (JsonNode)fault)]),
    };
}
