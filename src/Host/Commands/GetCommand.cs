using System.CommandLine;
using ActorInference.Host.Cli;
using ActorInference.Host.Groups;

namespace ActorInference.Host.Commands;

/// <summary><c>actorinference get</c>: things of a kind as a table, JSON, YAML or names.</summary>
internal static class GetCommand
{
    private static readonly TimeSpan WatchInterval = TimeSpan.FromSeconds(1);

    public static Command Create()
    {
        var what = new Argument<string>("what") { Description = "groups (rbg), roles, instances (ri), agents, events, sets (rbgs), adapters (rbgsa), warmups (rbgwarmup) or policies (cp); several with commas, or all; or KIND/NAME." };
        what.CompletionSources.Add([.. ObjectNames.Listed]);
        var names = GroupCommands.Names("Those of these names only, a role's as GROUP/ROLE; of roles, instances and events also those of a group.", ArgumentArity.ZeroOrMore);
        var output = new Option<string?>("--output", "-o") { Description = "wide, json, yaml or name. Default: a table. One thing alone is itself in json and yaml, several are a list." };
        output.Among("wide", "json", "yaml", "name");
        var selector = Selector();
        var noHeaders = new Option<bool>("--no-headers") { Description = "Tables without their first line." };
        var watch = new Option<bool>("--watch", "-w") { Description = "Again whenever it changes, until Ctrl-C." };
        var server = GroupCommands.Server();
        var command = new Command("get", "List groups, their roles or instances, and what else is declared.") { what, names, output, selector, noHeaders, watch, server };
        command.SetAction((parsed, _) => GroupCommands.WithClientAsync(parsed.GetValue(server), (client, stop) =>
        {
            var queries = GetQuery.ReadAll(parsed.GetRequiredValue(what), parsed.GetValue(names) ?? [], parsed.GetValue(output), parsed.GetValue(selector));
            if (!parsed.GetValue(watch)) return PrintAsync(client, queries, parsed.GetValue(noHeaders), stop);
            return queries is [var query] ? WatchAsync(client, query, parsed.GetValue(noHeaders), stop) : throw new UserErrorException("--watch is for one kind; expected no more.");
        }));
        return command;
    }

    internal static Option<LabelSelector?> Selector() => new("--selector", "-l")
    {
        Description = $"Those whose labels meet all {LabelSelector.Expected}.",
        CustomParser = result =>
        {
            var text = result.Tokens.Count == 1 ? result.Tokens[0].Value : "";
            if (LabelSelector.Parse(text) is { } selector) return selector;
            result.AddError($"--selector is '{text}'; expected {LabelSelector.Expected}.");
            return null;
        },
    };

    private static async Task PrintAsync(GroupClient client, IReadOnlyList<GetQuery> queries, bool hasNoHeaders, CancellationToken stop)
    {
        var (tables, nothing) = (new List<string>(), new List<string>());
        foreach (var query in queries)
        {
            var found = await query.AskAsync(client, stop);
            var text = found.Show(DateTimeOffset.UtcNow);
            if (hasNoHeaders && query.IsTable) text = text[(text.IndexOf('\n') + 1)..];
            if (text.Length > 0) tables.Add(text);   // No names are no line.
            if (found.Nothing is { } none) nothing.Add(none);
        }

        if (tables.Count > 0) Console.Out.WriteLine(string.Join(queries[0].IsTable && !hasNoHeaders ? "\n\n" : "\n", tables));
        // Beside the output: what reads that is to find nothing there. Of several kinds some may well be none.
        if (nothing.Count > 0 && nothing.Count == queries.Count) Console.Error.WriteLine(string.Join('\n', nothing));
    }

    private static async Task WatchAsync(GroupClient client, GetQuery query, bool hasNoHeaders, CancellationToken stop)
    {
        var rows = new ChangedRows(query.IsTable, hasNoHeaders);
        using var timer = new PeriodicTimer(WatchInterval);
        do
        {
            var fresh = rows.Next((await query.AskAsync(client, stop)).Show, DateTimeOffset.UtcNow);
            if (fresh.Length > 0) Console.Out.WriteLine(fresh);
        }
        while (await timer.WaitForNextTickAsync(stop));
    }
}
