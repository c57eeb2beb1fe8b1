using System.CommandLine;
using System.Diagnostics;
using System.Text.Json;
using ActorInference.Host.Cli;
using ActorInference.Host.Groups;

namespace ActorInference.Host.Commands;

/// <summary><c>actorinference delete</c>: ends what is declared, and waits until nothing is left of it.</summary>
internal static class DeleteCommand
{
    public static Command Create()
    {
        var names = GroupCommands.Names("Names of groups; or set/NAME, adapter/NAME, warmup/NAME, policy/NAME; or a kind and names.", ArgumentArity.ZeroOrMore);
        var (files, recursive, server) = (ManifestFiles.Names(isRequired: false), ManifestFiles.Recursive(), GroupCommands.Server());
        var ignore = new Option<bool>("--ignore-not-found") { Description = "What is not there is as good as deleted." };
        var wait = new Option<bool>("--wait") { Description = "Until nothing is left of it. --wait=false only asks for its end.", DefaultValueFactory = _ => true };
        var timeout = DurationOption.Create("--timeout", "Longest wait, such as 5m, then exit code 1; 0 for no end. Default: 0.");
        var command = new Command("delete", "End groups, their instances in the reverse order of dependencies; or sets, adapters, warm-ups, policies; by name, or all that files declare.") { names, files, recursive, ignore, wait, timeout, server };
        command.SetAction((parsed, _) => GroupCommands.WithClientAsync(parsed.GetValue(server), async (client, stop) =>
        {
            var (given, listed) = (ObjectNames.Typed(parsed.GetValue(names) ?? []), parsed.GetValue(files) ?? []);
            if (given.Count > 0 == listed.Length > 0) throw new UserErrorException("delete needs names, or --filename, and not both.");
            var answer = given.Count > 0
                ? await DeleteAsync(client, given, stop)
                : await DeleteAsync(client, await ManifestFiles.ReadAsync(listed, parsed.GetValue(recursive), stop), stop);
            if (parsed.GetValue(wait)) await WaitAsync(client, answer.Applied, parsed.GetValue(timeout) is { Ticks: > 0 } limit ? limit : null, stop);
            if (answer.Missing.Count > 0 && !parsed.GetValue(ignore)) throw GroupClient.NotFound([.. answer.Missing]);
        }));
        return command;
    }

    private static async Task<AppliedBody> DeleteAsync(GroupClient client, IReadOnlyList<string> names, CancellationToken stop)
    {
        var (items, missing) = (new List<AppliedItem>(), new List<string>());
        foreach (var (kind, name) in names.Select(Split).Distinct().ToList())
        {
            var answer = await client.DeleteAsync(ObjectNames.RouteOf(kind, name), stop);
            GroupCommands.Print(answer, "deleted");
            items.AddRange(answer.Applied);
            missing.AddRange(answer.Missing);
        }

        return new AppliedBody(items, []) { Missing = missing };
    }

    private static (string Kind, string Name) Split(string name)
    {
        var isInstance = name.IndexOf('/') is var slash and > 0 && ObjectNames.KindOf(name[..slash]) == "instance";
        return isInstance
            ? throw new UserErrorException($"'{name}' is the name of an instance, which its role keeps up; 'rollout restart GROUP --instance {ObjectNames.NameOf(name)}' begins it again, 'scale' takes instances away.")
            : ObjectNames.Split(name, ObjectNames.Declared);
    }

    private static async Task<AppliedBody> DeleteAsync(GroupClient client, ManifestsBody files, CancellationToken stop)
    {
        var answer = await client.PostAsync("manifests/delete", JsonSerializer.Serialize(files, GroupJson.Default.ManifestsBody), GroupJson.Default.AppliedBody, stop);
        GroupCommands.Print(answer, "deleted");
        return answer;
    }

    /// <exception cref="CommandFailedException">Something is left at the end of the wait.</exception>
    private static async Task WaitAsync(GroupClient client, IReadOnlyList<AppliedItem> items, TimeSpan? limit, CancellationToken stop)
    {
        var watch = Stopwatch.StartNew();
        var left = new List<string>();
        foreach (var item in items.Where(item => item.Kind != "CoordinatedPolicy"))   // Gone at once.
        {
            TimeSpan? rest = limit is { } longest ? (longest - watch.Elapsed is { Ticks: > 0 } time ? time : TimeSpan.Zero) : null;
            var kind = ObjectNames.KindOf(item.Kind)!;
            if (await Awaiting.UntilAsync(() => Awaiting.EndingAsync(client, kind, item.Name, stop), rest, stop) is { } missing) left.Add($"{ObjectNames.WholeName(kind)}/{item.Name} is {missing}");
        }

        if (left.Count > 0) throw new CommandFailedException($"not all is gone after {limit!.Value.TotalSeconds:0.###} s (--timeout), and its end goes on: {string.Join("; ", left)}");
    }
}
