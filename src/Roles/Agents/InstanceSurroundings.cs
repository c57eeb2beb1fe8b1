using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;

namespace ActorInference.Roles.Agents;

/// <summary>The command and the environment that a launch comes to on its host.</summary>
/// <param name="Command">Full path of the program, and its arguments.</param>
/// <param name="Context">Environment, ports and folder.</param>
public sealed record InstanceSurroundings(ImmutableArray<string> Command, ProbeContext Context)
{
    /// <summary>Variable that names the discovery file.</summary>
    public const string TopologyVariable = "RBG_CONFIG_FILE";

    /// <summary>Variable with the seeds of the group's cluster, which comes with the group's topology.</summary>
    public const string SeedVariable = "RBG_SEED";

    /// <summary>Name of the program itself, as the first word of a command.</summary>
    private const string Self = "actorinference";

    /// <param name="record">Of the instance.</param>
    /// <param name="bundle">Its image.</param>
    /// <param name="folder">Its folder.</param>
    /// <param name="address">Where its ports are.</param>
    /// <param name="inherited">Variables of the agent.</param>
    public static InstanceSurroundings Of(
        InstanceRecord record, ImageBundle bundle, InstanceFolder folder, string address, IReadOnlyDictionary<string, string> inherited)
    {
        var launch = record.Launch;
        var environment = new Dictionary<string, string>(inherited, StringComparer.Ordinal)
        {
            ["POD_NAME"] = launch.Instance,
            ["POD_IP"] = address,
            ["RBG_ADDRESS"] = address,
            [TopologyVariable] = folder.Topology,
            ["INSTANCE_FOLDER"] = folder.Data,
        };
        if (launch.Resources.Gpus is { } gpus) environment["CUDA_VISIBLE_DEVICES"] = string.Join(',', gpus);
        foreach (var lease in record.Ports) environment[$"RBG_PORT_{VariableName(lease.Name)}"] = lease.Port.ToString(System.Globalization.CultureInfo.InvariantCulture);
        foreach (var volume in launch.Volumes) environment[$"VOLUME_{VariableName(volume.Name)}"] = FolderOf(volume, launch.Instance, folder);
        foreach (var variable in record.Overlay) environment[variable.Name] = variable.Value;
        foreach (var variable in launch.Environment) environment[variable.Name] = Mounted(Expand(variable.Value, environment), launch, folder);
        ImmutableArray<string> words = [.. Words(launch, bundle).Select(word => Mounted(Expand(word, environment), launch, folder))];
        return new InstanceSurroundings(words, new ProbeContext(address, [.. record.Ports], environment, launch.WorkingFolder ?? folder.Data));
    }

    /// <summary>Whether it can be begun: one that joins a cluster needs to know by whom.</summary>
    public static bool IsComplete(InstanceRecord record) =>
        record.Overlay.Any(variable => variable.Name == SeedVariable) || !record.Launch.Args.Concat(record.Launch.Command).Any(word => word.Contains($"$({SeedVariable})", StringComparison.Ordinal));

    /// <summary>Replaces <c>$(NAME)</c> by the variable's value, and <c>$$</c> by a dollar; an unknown name stays as it is.</summary>
    public static string Expand(string text, IReadOnlyDictionary<string, string> variables)
    {
        if (!text.Contains('$')) return text;
        var result = new StringBuilder(text.Length);
        for (var i = 0; i < text.Length; i++)
        {
            var end = text[i] == '$' && i + 1 < text.Length && text[i + 1] == '(' ? text.IndexOf(')', i) : -1;
            if (text[i] == '$' && i + 1 < text.Length && text[i + 1] == '$')
            {
                result.Append('$');
                i++;
            }
            else if (end > 0 && variables.TryGetValue(text[(i + 2)..end], out var value))
            {
                result.Append(value);
                i = end;
            }
            else
            {
                result.Append(text[i]);
            }
        }

        return result.ToString();
    }

    /// <summary>Where a volume lies on the host.</summary>
    public static string FolderOf(VolumeMount volume, string instance, InstanceFolder folder) =>
        volume.HostPath ?? (volume.InMemory ? Path.Combine(MemoryFolder(instance, folder), volume.Name) : Path.Combine(folder.Data, volume.Name));

    /// <summary>The instance's part of the host's memory file system. Another agent on the host may have one of the same name.</summary>
    public static string MemoryFolder(string instance, InstanceFolder folder)
    {
        var agent = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Path.GetFullPath(folder.Path))))[..8];
        return Path.Combine("/dev/shm/actorinference", $"{instance}-{agent}");
    }

    private static IEnumerable<string> Words(InstanceLaunch launch, ImageBundle bundle)
    {
        var command = launch.Command.IsEmpty || (launch.Command is [Self, ..] && !bundle.Entrypoint.IsEmpty)
            ? [.. bundle.Entrypoint, .. launch.Command.Skip(1)]
            : launch.Command;
        if (command.IsEmpty) throw new ImageException($"image is '{bundle.Reference}'; it has no entrypoint in {ImageStore.ManifestFile}, and the launch names no command: expected one of them.");
        var program = Path.Combine(bundle.Folder, command[0]);
        return [File.Exists(program) ? program : command[0], .. command.Skip(1), .. launch.Args];
    }

    private static string Mounted(string text, InstanceLaunch launch, InstanceFolder folder)
    {
        foreach (var volume in launch.Volumes)
        {
            if (volume.MountPath.Length > 1 && (text == volume.MountPath || text.StartsWith(volume.MountPath.TrimEnd('/') + '/', StringComparison.Ordinal)))
                return FolderOf(volume, launch.Instance, folder) + text[volume.MountPath.TrimEnd('/').Length..];
        }

        return text;
    }

    private static string VariableName(string name) => name.ToUpperInvariant().Replace('-', '_');
}
