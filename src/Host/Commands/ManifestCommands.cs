using System.CommandLine;
using System.Text.Json;
using ActorInference.Host.Cli;
using ActorInference.Host.Groups;

namespace ActorInference.Host.Commands;

/// <summary><c>apply</c> and <c>diff</c>: what files declare.</summary>
internal static class ManifestCommands
{
    /// <summary>What <c>diff</c> ends with where something differs; errors are more than that.</summary>
    private const int Differs = 1;

    public static Command Apply()
    {
        var (files, recursive, server) = (ManifestFiles.Names(isRequired: true), ManifestFiles.Recursive(), GroupCommands.Server());
        // Of kubectl's, client and server are the same here: all is checked there.
        var dryRun = new Option<string?>("--dry-run") { Description = "Check, and say what would change.", Arity = ArgumentArity.ZeroOrOne, HelpName = "client|server|none" };
        dryRun.Among("client", "server", "none", "true", "false");
        var command = new Command("apply", "Declare the groups of files: all of them, or none if anything is wrong.") { files, recursive, dryRun, server };
        command.SetAction((parsed, _) => GroupCommands.WithClientAsync(parsed.GetValue(server), async (client, stop) =>
        {
            var isDryRun = parsed.GetResult(dryRun) is not null && parsed.GetValue(dryRun) is not ("none" or "false");
            var answer = await DeclareAsync(client, await ManifestFiles.ReadAsync(parsed.GetRequiredValue(files), parsed.GetValue(recursive), stop), isDryRun, stop);
            foreach (var item in answer.Applied) Console.Out.WriteLine(GroupTables.Outcome(item, item.Outcome) + (isDryRun ? " (dry run)" : ""));
        }));
        return command;
    }

    public static Command Diff()
    {
        var (files, recursive, server) = (ManifestFiles.Names(isRequired: true), ManifestFiles.Recursive(), GroupCommands.Server());
        var command = new Command("diff", "What applying files would change. Ends with exit code 0 where that is nothing, 1 where it is something, and 2 or more on errors.") { files, recursive, server };
        command.SetAction(async (parsed, _) =>
        {
            var isSame = true;
            await GroupCommands.WithClientAsync(parsed.GetValue(server), async (client, stop) =>
            {
                var answer = await DeclareAsync(client, await ManifestFiles.ReadAsync(parsed.GetRequiredValue(files), parsed.GetValue(recursive), stop), isDryRun: true, stop);
                foreach (var item in answer.Applied.Where(item => !string.IsNullOrEmpty(item.Diff)))
                {
                    isSame = false;
                    Console.Out.WriteLine($"{item.Kind} {item.Name}\n{item.Diff!.TrimEnd('\n')}");
                }
            });
            return isSame ? CommandLine.Success : Differs;
        });
        return command;
    }

    private static async Task<AppliedBody> DeclareAsync(GroupClient client, ManifestsBody files, bool isDryRun, CancellationToken stop)
    {
        var body = JsonSerializer.Serialize(files, GroupJson.Default.ManifestsBody);
        var answer = await client.PostAsync(isDryRun ? "manifests/apply?dry_run=true" : "manifests/apply", body, GroupJson.Default.AppliedBody, stop);
        foreach (var warning in answer.Warnings) Console.Error.WriteLine($"warning: {warning}");
        return answer;
    }
}
