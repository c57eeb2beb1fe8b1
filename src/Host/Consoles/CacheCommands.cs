using System.Collections.Immutable;
using System.Globalization;
using ActorInference.Actors.Ids;
using ActorInference.Actors.Kv;
using ActorInference.Actors.Protocols;
using ActorInference.Cache.Store;
using ActorInference.Host.Management;
using Akka.Actor;
using Petabridge.Cmd;
using Petabridge.Cmd.Host;
using StoreAction = ActorInference.Actors.Protocols.CacheStoreProtocol.StoreAction;

namespace ActorInference.Host.Consoles;

/// <summary>The palette <c>cache</c>: the storage tier's pages and stores.</summary>
public sealed class CacheCommands : CommandPaletteHandler
{
    private const int DefaultLimit = 50;

    private static readonly CommandDefinition Show = new CommandDefinitionBuilder()
        .WithName("show").WithDescription("The stores, how full they are, and what the shards count.").Build();

    private static readonly CommandDefinition Ls = new CommandDefinitionBuilder()
        .WithName("ls").WithDescription("Pages, in the order of their keys.")
        .WithArgument(argument => argument.WithName("tenant").WithSwitch("-t").WithSwitch("--tenant").WithDescription("Whose; 'default' if it is not given."))
        .WithArgument(argument => argument.WithName("limit").WithSwitch("-n").WithSwitch("--limit").WithDescription("How many; 50 if it is not given."))
        .Build();

    private static readonly CommandDefinition Pin = new CommandDefinitionBuilder()
        .WithName("pin").WithDescription("Keeps a page longer than others, for a time.")
        .WithArgument(argument => argument.WithName("key").WithSwitch("-k").WithSwitch("--key").IsMandatory(true).WithDescription("32 hexadecimal digits."))
        .WithArgument(argument => argument.WithName("seconds").WithSwitch("-s").WithSwitch("--seconds").WithDescription("1800 if it is not given; 0 takes the pin away."))
        .WithArgument(argument => argument.WithName("tenant").WithSwitch("-t").WithSwitch("--tenant").WithDescription("Whose; 'default' if it is not given."))
        .Build();

    private static readonly CommandDefinition Evict = new CommandDefinitionBuilder()
        .WithName("evict").WithDescription("Removes pages that nobody may be reading.")
        .WithArgument(argument => argument.WithName("match").WithSwitch("-m").WithSwitch("--match").IsMandatory(true).WithDescription("Regular expression for the keys; . for all."))
        .WithArgument(argument => argument.WithName("tenant").WithSwitch("-t").WithSwitch("--tenant").WithDescription("Whose; 'default' if it is not given."))
        .Build();

    private static readonly CommandDefinition Drain = StoreCommand("drain", "Moves a store's pages to others, then takes it out.");
    private static readonly CommandDefinition Snapshot = StoreCommand("snapshot", "Writes a store's pages to its disk.");
    private static readonly CommandDefinition Verify = StoreCommand("verify", "Compares a store's pages with their checksums.");

    private static readonly CommandDefinition Attach = new CommandDefinitionBuilder()
        .WithName("attach").WithDescription("Has every worker use the storage tier from now on.").Build();

    private static readonly CommandDefinition Detach = new CommandDefinitionBuilder()
        .WithName("detach").WithDescription("Has every worker go on without the storage tier; its pages stay there.").Build();

    private static readonly CommandPalette CachePalette = new("cache", new[] { Show, Ls, Pin, Evict, Drain, Snapshot, Verify, Attach, Detach });

    /// <summary>After the definitions, which it is made of.</summary>
    public static readonly CacheCommands Instance = new();

    private CacheCommands()
        : base(CachePalette) => HandlerProps = Props.Create(() => new Handler());

    public override Props HandlerProps { get; }

    private static CommandDefinition StoreCommand(string name, string description) => new CommandDefinitionBuilder()
        .WithName(name).WithDescription(description)
        .WithArgument(argument => argument.WithName("store").WithSwitch("-s").WithSwitch("--store").IsMandatory(true).WithDescription("Name of a store, as show has it."))
        .Build();

    private sealed class Handler : CommandHandlerActor
    {
        public Handler()
            : base(CachePalette)
        {
            Process(Show.Name, (_, _) => Answer(ShowAsync));
            Process(Ls.Name, (_, arguments) =>
            {
                var (tenant, limit) = (Tenant(arguments), arguments.ArgumentValues("limit").FirstOrDefault());
                Answer(cache => ListAsync(cache, tenant, limit));
            });
            Process(Pin.Name, (_, arguments) =>
            {
                var (tenant, key, seconds) = (Tenant(arguments), arguments.ArgumentValues("key").First(), arguments.ArgumentValues("seconds").FirstOrDefault());
                Answer(cache => PinAsync(cache, tenant, key, seconds));
            });
            Process(Evict.Name, (_, arguments) =>
            {
                var (tenant, match) = (Tenant(arguments), arguments.ArgumentValues("match").First());
                Answer(async cache => $"{await cache.RemoveAsync(tenant, match, force: false)} pages were removed.");
            });
            Process(Attach.Name, (_, _) => Answer(StorageAttachment.SetAsync(Context.System, isAttached: true)));
            Process(Detach.Name, (_, _) => Answer(StorageAttachment.SetAsync(Context.System, isAttached: false)));
            foreach (var (command, action) in new[] { (Drain, StoreAction.Drain), (Snapshot, StoreAction.Snapshot), (Verify, StoreAction.Verify) })
            {
                Process(command.Name, (_, arguments) =>
                {
                    var store = arguments.ArgumentValues("store").First();
                    Answer(cache => GovernAsync(cache, store, action));
                });
            }
        }

        private void Answer(Task<CommandResponse> answer) =>
            answer.PipeTo(Sender, Self, failure: cause => new ErroredCommandResponse(cause.GetBaseException().Message));

        private void Answer(Func<CacheAdministration, Task<string>> answer)
        {
            if (Context.System.CacheOrNull() is not { } cache)
            {
                Sender.Tell(new ErroredCommandResponse("This node knows of no storage tier."));
                return;
            }

            answer(cache).PipeTo(Sender, Self, success: text => new CommandResponse(text), failure: cause => new ErroredCommandResponse(cause.GetBaseException().Message));
        }

        private static string Tenant(CommandArguments arguments) => arguments.ArgumentValues("tenant").FirstOrDefault() ?? StorageClientOptions.DefaultTenant;
    }

    private static async Task<string> ShowAsync(CacheAdministration cache)
    {
        var (shards, stores) = (await cache.ShardsAsync(), await cache.StoresAsync());
        List<string[]> rows = [["STORE", "STATE", "MEMORY", "OF", "PAGES", "DISK", "OF", "ALERTS"], .. stores.Select(Row)];
        var summary = string.Create(CultureInfo.InvariantCulture, $"""
            pages: {shards.Sum(shard => (long)shard.Pages)}, {Megabytes(shards.Sum(shard => shard.Bytes))}
            asked: {shards.Sum(shard => shard.Queried)}, found: {shards.Sum(shard => shard.Hits)}, evicted: {shards.Sum(shard => shard.Evicted)}, lost: {shards.Sum(shard => shard.Lost)}
            """);
        return stores.IsEmpty ? $"There are no stores.\n{summary}" : $"{Table(rows)}\n{summary}";
    }

    private static string[] Row((KnownStore Store, CacheStoreProtocol.StoreStatus? Status) each)
    {
        var (report, status) = (each.Store.Report, each.Status);
        return
        [
            report.Store.Value, each.Store.IsSuspect ? "suspect" : report.IsDraining ? "draining" : "up", Megabytes(report.UsedBytes), Megabytes(report.CapacityBytes),
            Text(status?.Pages), status is { DiskPath.Length: > 0 } ? Megabytes(status.DiskUsedBytes) : "-",
            status is { DiskPath.Length: > 0 } ? Megabytes(status.DiskQuotaBytes) : "-", status is null ? "?" : status.Alerts.IsEmpty ? "-" : string.Join(' ', status.Alerts),
        ];
    }

    private static async Task<string> ListAsync(CacheAdministration cache, string tenant, string? limit)
    {
        var count = limit is null ? DefaultLimit : Number(limit, "limit");
        var pages = await cache.ListAsync(tenant, count);
        if (pages.IsEmpty) return $"There are no pages of '{tenant}'.";
        List<string[]> rows = [["KEY", "DEPTH", "BYTES", "IN MEMORY", "ON DISK", "LEASED", "PINNED"], .. pages.Select(Row)];
        return Table(rows);
    }

    private static string[] Row(CacheShardProtocol.ListedPage page) =>
    [
        page.Key.ToString(), Text(page.Depth), Text(page.SizeBytes), Text(page.MemoryReplicas), Text(page.DiskReplicas), page.IsLeased ? "yes" : "no", page.IsPinned ? "yes" : "no",
    ];

    private static async Task<string> PinAsync(CacheAdministration cache, string tenant, string text, string? seconds)
    {
        const int defaultSeconds = 1_800;
        if (text.Length != 2 * KvPageKey.SizeBytes || !text.All(char.IsAsciiHexDigit)) throw new ArgumentException($"key is '{text}'; expected 32 hexadecimal digits, as ls has them.");
        var time = TimeSpan.FromSeconds(seconds is null ? defaultSeconds : Number(seconds, "seconds"));
        var outcome = (await cache.PinAsync(tenant, [KvPageKey.Read(Convert.FromHexString(text))], time)).Single();
        return outcome switch
        {
            CacheOutcome.Done => time > TimeSpan.Zero ? $"{text} is pinned for {time.TotalSeconds:0} s." : $"{text} is not pinned.",
            CacheOutcome.NotFound => throw new ArgumentException($"key is '{text}'; expected that of a page of '{tenant}'."),
            _ => throw new ArgumentException($"seconds is '{seconds}'; expected at most 86400."),
        };
    }

    private static async Task<string> GovernAsync(CacheAdministration cache, string store, StoreAction action)
    {
        var done = await cache.GovernAsync(new StoreId(store), action);
        return string.Create(CultureInfo.InvariantCulture, $"{done.Pages} pages, {done.Failed} failed. {done.Message}");
    }

    private static int Number(string text, string name) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
        ? number
        : throw new ArgumentException($"{name} is '{text}'; expected a whole number of at least 0.");

    private static string Text(int? number) => number?.ToString(CultureInfo.InvariantCulture) ?? "?";

    private static string Megabytes(long bytes) => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1048576.0:0.0} MiB");

    private static string Table(List<string[]> rows)
    {
        var widths = Enumerable.Range(0, rows[0].Length).Select(column => rows.Max(row => row[column].Length)).ToImmutableArray();
        return string.Join('\n', rows.Select(row => string.Join("  ", row.Select((cell, column) => cell.PadRight(widths[column]))).TrimEnd()));
    }
}
