using System.CommandLine;
using System.Text.Json;
using ActorInference.Host.Cli;
using ActorInference.Host.Groups;

namespace ActorInference.Host.Commands;

/// <summary><c>apply</c>, <c>diff</c>, <c>delete</c>: what files declare.</summary>
internal static class ManifestCommands
{
    /// <summary>What <c>diff</c> ends with where something differs; errors are more than that.</summary>
    private const int Differs = 1;

    public static Command Apply()
    {
        var (files, recursive, server) = (ManifestFiles.Names(isRequired: true), ManifestFiles.Recursive(), GroupCommands.Server());
        var dryRun = new Option<bool>("--dry-run") { Description = "Check, and say what would change." };
        var command = new Command("apply", "Declare the groups of files: all of them, or none if anything is wrong.") { files, recursive, dryRun, server };
        command.SetAction((parsed, _) => GroupCommands.WithClientAsync(parsed.GetValue(server), async (client, stop) =>
        {
            var isDryRun = parsed.GetValue(dryRun);
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

    public static Command Delete()
    {
        var names = new Argument<string[]>("name") { Description = "Names of groups; or set/NAME, adapter/NAME, warmup/NAME; or a kind and names.", Arity = ArgumentArity.ZeroOrMore };
        var (files, recursive, server) = (ManifestFiles.Names(isRequired: false), ManifestFiles.Recursive(), GroupCommands.Server());
        var ignore = new Option<bool>("--ignore-not-found") { Description = "What is not there is as good as deleted." };
        var command = new Command("delete", "End groups, their instances in the reverse order of dependencies; or sets, adapters, warm-ups; by name, or all that files declare.") { names, files, recursive, ignore, server };
        command.SetAction((parsed, _) => GroupCommands.WithClientAsync(parsed.GetValue(server), async (client, stop) =>
        {
            var (given, listed) = (ObjectNames.Typed(parsed.GetValue(names) ?? []), parsed.GetValue(files) ?? []);
            if (given.Count > 0 == listed.Length > 0) throw new UserErrorException("delete needs names, or --filename, and not both.");
            var missing = given.Count > 0
                ? await DeleteAsync(client, given, stop)
                : await DeleteAsync(client, await ManifestFiles.ReadAsync(listed, parsed.GetValue(recursive), stop), stop);
            if (missing.Count > 0 && !parsed.GetValue(ignore)) throw GroupClient.NotFound([.. missing]);
        }));
        return command;
    }

    /// <returns>What was not there.</returns>
    private static async Task<IReadOnlyList<string>> DeleteAsync(GroupClient client, IReadOnlyList<string> names, CancellationToken stop)
    {
        var missing = new List<string>();
        foreach (var route in names.Select(ObjectNames.RouteOf).Distinct())
        {
            var answer = await client.DeleteAsync(route, stop);
            GroupCommands.Print(answer, "deleted");
            missing.AddRange(answer.Missing);
        }

        return missing;
    }

    private static async Task<IReadOnlyList<string>> DeleteAsync(GroupClient client, ManifestsBody files, CancellationToken stop)
    {
        var answer = await client.PostAsync("manifests/delete", JsonSerializer.Serialize(files, GroupJson.Default.ManifestsBody), GroupJson.Default.AppliedBody, stop);
        GroupCommands.Print(answer, "deleted");
        return answer.Missing;
    }

    private static async Task<AppliedBody> DeclareAsync(GroupClient client, ManifestsBody files, bool isDryRun, CancellationToken stop)
    {
        var body = JsonSerializer.Serialize(files, GroupJson.Default.ManifestsBody);
        var answer = await client.PostAsync(isDryRun ? "manifests/apply?dry_run=true" : "manifests/apply", body, GroupJson.Default.AppliedBody, stop);
        foreach (var warning in answer.Warnings) Console.Error.WriteLine($"warning: {warning}");
        return answer;
    }
}
