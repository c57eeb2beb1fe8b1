using System.Collections.Immutable;
using System.Text;

namespace ActorInference.Roles.Agents;

/// <summary>The command and the environment that a launch comes to on its host.</summary>
/// <param name="Command">Full path of the program, and its arguments.</param>
/// <param name="Context">Environment, ports and folder.</param>
/// <param name="Folders">Of its volumes; they are to be there when it begins.</param>
public sealed record InstanceSurroundings(ImmutableArray<string> Command, ProbeContext Context, ImmutableArray<string> Folders)
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
    /// <param name="volumes">Where its volumes are.</param>
    /// <param name="address">Where its ports are.</param>
    /// <param name="inherited">Variables of the agent.</param>
    public static InstanceSurroundings Of(
        InstanceRecord record, ImageBundle bundle, InstanceFolder folder, VolumeFolders volumes, string address, IReadOnlyDictionary<string, string> inherited)
    {
        var launch = record.Launch;
        var environment = new Dictionary<string, string>(inherited, StringComparer.Ordinal)
        {
            ["POD_NAME"] = launch.Pod,
            ["POD_IP"] = address,
            ["RBG_ADDRESS"] = address,
            [TopologyVariable] = folder.Topology,
            ["INSTANCE_FOLDER"] = folder.Data,
        };
        if (launch.Resources.Gpus is { } gpus)
        {
            environment["CUDA_VISIBLE_DEVICES"] = string.Join(',', gpus);
            environment["CUDA_DEVICE_ORDER"] = "PCI_BUS_ID";   // As the host's topology numbers them; by itself CUDA begins with the fastest.
        }

        foreach (var lease in (record.PodPorts ?? []).Concat(record.Ports)) environment[PortVariable(lease.Name)] = lease.Port.ToString(System.Globalization.CultureInfo.InvariantCulture);
        foreach (var variable in record.Overlay) environment[variable.Name] = variable.Value;
        var mounts = Mounts(launch, volumes, environment);
        foreach (var (volume, at) in mounts.DistinctBy(mount => mount.Volume.Name)) environment[$"VOLUME_{VariableName(volume.Name)}"] = at;
        foreach (var variable in launch.Environment) environment[variable.Name] = Mounted(Expand(variable.Value, environment), mounts);
        ImmutableArray<string> words = [.. Words(launch, bundle).Select(word => Mounted(Expand(word, environment), mounts))];
        return new InstanceSurroundings(words, new ProbeContext(address, [.. record.Ports], environment, launch.WorkingFolder ?? folder.Data), [.. mounts.Select(mount => mount.At)]);
    }

    /// <summary>Its volumes, and where they are. Which part of one is mounted may depend on its own variables.</summary>
    private static ImmutableArray<(VolumeMount Volume, string At)> Mounts(InstanceLaunch launch, VolumeFolders volumes, Dictionary<string, string> environment)
    {
        var variables = new Dictionary<string, string>(environment, StringComparer.Ordinal);
        foreach (var variable in launch.Environment) variables[variable.Name] = Expand(variable.Value, variables);
        return [.. launch.Volumes.Select(volume => (volume, volumes.Of(volume, launch.Pod, variables)))];
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

    private static IEnumerable<string> Words(InstanceLaunch launch, ImageBundle bundle)
    {
        var command = launch.Command.IsEmpty || (launch.Command is [Self, ..] && !bundle.Entrypoint.IsEmpty)
            ? [.. bundle.Entrypoint, .. launch.Command.Skip(1)]
            : launch.Command;
        if (command.IsEmpty) throw new ImageException($"image is '{bundle.Reference}'; it has no entrypoint in {ImageStore.ManifestFile}, and the launch names no command: expected one of them.");
        var program = Path.Combine(bundle.Folder, command[0]);
        return [File.Exists(program) ? program : command[0], .. command.Skip(1), .. launch.Args];
    }

    private static string Mounted(string text, ImmutableArray<(VolumeMount Volume, string At)> mounts)
    {
        foreach (var (volume, at) in mounts)
        {
            var path = volume.MountPath.TrimEnd('/');
            if (path.Length > 0 && (text == volume.MountPath || text.StartsWith(path + '/', StringComparison.Ordinal))) return at + text[path.Length..];
        }

        return text;
    }

    /// <summary>Variable that says which port of this name was given.</summary>
    public static string PortVariable(string name) => $"RBG_PORT_{VariableName(name)}";

    private static string VariableName(string name) => name.ToUpperInvariant().Replace('-', '_');
}
