using System.CommandLine;
using ActorInference.Host.Cli;
using ActorInference.Host.Groups;

namespace ActorInference.Host.Commands;

/// <summary>The process that <c>logs</c> and <c>exec</c> are about: an instance's first, one by its own name, or that of a container.</summary>
internal static class ProcessNames
{
    public static Option<string?> Container() => new("--container", "-c") { Description = "Container whose process is meant. Default: the first." };

    /// <summary>The route of a process.</summary>
    /// <param name="words"><c>[GROUP] INSTANCE</c>, or <c>instance/NAME</c>; an instance may be a process.</param>
    /// <exception cref="UserErrorException">There is none.</exception>
    public static async Task<string> RouteAsync(GroupClient client, IReadOnlyList<string> words, string? container, CancellationToken stop)
    {
        var hasGroup = words.Count > 1 && ObjectNames.KindOf(words[0]) != "instance";
        var name = InstanceOf(words[^1]);
        var group = hasGroup ? await GroupCommands.FindAsync(client, ObjectNames.Split(words[0], "group").Name, stop) : await GroupCommands.FindByInstanceAsync(client, name, stop);
        var instance = GroupDescription.Find(group, name) ?? throw GroupClient.NotFound(GroupDescription.NoInstance(group, name));
        if (container is not null)
        {
            var containers = instance.Processes.Where(process => process.Container.Length > 0 && (instance.Name == name || process.Name == name || process.Name.StartsWith(name + ".", StringComparison.Ordinal))).ToList();
            name = containers.FirstOrDefault(process => process.Container == container)?.Name
                ?? throw new UserErrorException($"--container is '{container}'; expected one of {string.Join(", ", containers.Select(process => process.Container).Distinct())}.");
        }

        return $"{ObjectNames.RouteOf("group", group.Name)}/instances/{Uri.EscapeDataString(name)}";
    }

    private static string InstanceOf(string word)
    {
        if (!word.Contains('/')) return word;
        var kind = ObjectNames.KindOf(word[..word.IndexOf('/')]);
        return kind == "instance" ? ObjectNames.NameOf(word) : throw new UserErrorException($"'{word}' is no instance; expected its name, or instance/NAME. 'get instances' lists them.");
    }
}
