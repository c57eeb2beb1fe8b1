using System.Collections.Immutable;
using System.Globalization;

namespace ActorInference.Roles.Agents;

/// <summary>Reads a host's topology from sysfs and procfs, as Linux documents them (Documentation/ABI/stable, testing), and from the GPU driver.</summary>
/// <param name="root">Where <c>sys</c> and <c>proc</c> are: <c>/</c>, or a copy for tests.</param>
/// <param name="nvLinks">What the driver says; null for its own library.</param>
public sealed class HostTopologyReader(string root = "/", NvLinkReader? nvLinks = null)
{
    private const string NvidiaVendor = "0x10de";

    /// <summary>PCI class of 3D controllers and of VGA controllers.</summary>
    private static readonly string[] DisplayClasses = ["0x0302", "0x0300"];

    /// <summary>Of the control group that a container's processes are in, in the two versions; the second has a number near 2^63 for none.</summary>
    private static readonly string[] MemoryLimits = ["sys/fs/cgroup/memory.max", "sys/fs/cgroup/memory/memory.limit_in_bytes"];

    /// <param name="labels">Set by the operator.</param>
    public HostTopology Read(ImmutableSortedDictionary<string, string> labels) => new(ReadNuma(), ReadGpus(), ReadNics(), labels);

    /// <summary>Reads a list of numbers in the kernel's form.</summary>
    /// <param name="text">Such as <c>0-3,8</c>; may be empty.</param>
    /// <exception cref="FormatException">It is not of this form.</exception>
    public static ImmutableArray<int> ReadList(string text)
    {
        var numbers = ImmutableArray.CreateBuilder<int>();
        foreach (var part in text.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            var ends = part.Split('-');
            var first = int.Parse(ends[0], NumberStyles.None, CultureInfo.InvariantCulture);
            var last = ends.Length == 1 ? first : int.Parse(ends[1], NumberStyles.None, CultureInfo.InvariantCulture);
            for (var number = first; number <= last; number++) numbers.Add(number);
        }

        return numbers.ToImmutable();
    }

    private ImmutableArray<NumaNode> ReadNuma()
    {
        var folder = At("sys/devices/system/node");
        var nodes = Folders(folder, "node*")
            .Where(path => int.TryParse(Path.GetFileName(path)["node".Length..], CultureInfo.InvariantCulture, out _))
            .Select(path => new NumaNode(
                int.Parse(Path.GetFileName(path)["node".Length..], CultureInfo.InvariantCulture),
                ReadList(Text(Path.Combine(path, "cpulist"))),
                Kilobytes(Text(Path.Combine(path, "meminfo")), "MemTotal:") * 1024))
            .OrderBy(node => node.Number)
            .ToImmutableArray();
        return Allowed(WithMemory(nodes.IsEmpty ? [WholeHost()] : nodes));
    }

    /// <summary>
    /// Nodes share what processes may use of the host's memory, in proportion: a virtual machine's nodes may not say all of it, and a container may
    /// have been given less.
    /// </summary>
    private ImmutableArray<NumaNode> WithMemory(ImmutableArray<NumaNode> nodes)
    {
        var (said, total) = (nodes.Sum(node => node.MemoryBytes), Kilobytes(Text(At("proc/meminfo")), "MemTotal:") * 1024);
        if (total == 0) total = said;
        foreach (var limit in MemoryLimits)
        {
            if (long.TryParse(Text(At(limit)), NumberStyles.None, CultureInfo.InvariantCulture, out var bytes)) total = Math.Min(total, bytes);
        }

        if (said == 0) return [nodes[0] with { MemoryBytes = total }, .. nodes[1..]];
        return [.. nodes.Select(node => node with { MemoryBytes = (long)((decimal)node.MemoryBytes * total / said) })];
    }

    /// <summary>A container may have been given some of the host's cores: no process of it can be bound to others.</summary>
    private ImmutableArray<NumaNode> Allowed(ImmutableArray<NumaNode> nodes)
    {
        const string Label = "Cpus_allowed_list:";
        if (Text(At("proc/self/status")).Split('\n').FirstOrDefault(each => each.StartsWith(Label, StringComparison.Ordinal)) is not { } line) return nodes;
        var allowed = ReadList(line[Label.Length..]).ToHashSet();
        return [.. nodes.Select(node => node with { Cpus = [.. node.Cpus.Where(allowed.Contains)] })];
    }

    private NumaNode WholeHost()
    {
        var online = Text(At("sys/devices/system/cpu/online"));
        var cpus = online.Length > 0 ? ReadList(online) : [.. Enumerable.Range(0, Environment.ProcessorCount)];
        return new NumaNode(0, cpus, Kilobytes(Text(At("proc/meminfo")), "MemTotal:") * 1024);
    }

    private ImmutableArray<HostGpu> ReadGpus()
    {
        var devices = Folders(At("sys/bus/pci/devices"), "*")
            .Where(path => Text(Path.Combine(path, "vendor")) == NvidiaVendor && DisplayClasses.Any(Text(Path.Combine(path, "class")).StartsWith))
            .OrderBy(path => Path.GetFileName(path), StringComparer.Ordinal)
            .ToList();
        var joined = (nvLinks ?? new NvLinkReader()).Read([.. devices.Select(path => Path.GetFileName(path))]);
        return [.. devices.Select((path, number) => new HostGpu(number, Path.GetFileName(path), Model(Path.GetFileName(path)), NumaOf(path), RootPort(path), joined[number]))];
    }

    /// <summary>The driver's own page of a GPU has its name.</summary>
    private string Model(string busId)
    {
        const string Label = "Model:";
        var line = Text(At($"proc/driver/nvidia/gpus/{busId}/information")).Split('\n').FirstOrDefault(each => each.StartsWith(Label, StringComparison.Ordinal));
        return line is null ? "" : line[Label.Length..].Trim();
    }

    /// <summary>The first bridge on the way from the root: in <c>/sys/devices/pci0000:3a/0000:3a:00.0/0000:3b:00.0</c> the second part.</summary>
    private static string RootPort(string device)
    {
        var target = new DirectoryInfo(device).ResolveLinkTarget(returnFinalTarget: true)?.FullName ?? device;
        var parts = target.Split('/').ToList();
        var domain = parts.FindIndex(part => part.StartsWith("pci", StringComparison.Ordinal));
        return domain >= 0 && domain + 1 < parts.Count ? parts[domain + 1] : Path.GetFileName(device);
    }

    private ImmutableArray<HostNic> ReadNics()
    {
        var nics =
            from path in Folders(At("sys/class/net"), "*")
            let name = Path.GetFileName(path)
            where name != "lo"
            orderby name
            let speed = Text(Path.Combine(path, "speed"))
            select new HostNic(
                name,
                NumaOf(Path.Combine(path, "device")),
                int.TryParse(speed, CultureInfo.InvariantCulture, out var mbits) && mbits > 0 ? mbits : 0,
                Directory.Exists(Path.Combine(path, "device", "infiniband")));
        return [.. nics];
    }

    private static int NumaOf(string device) =>
        int.TryParse(Text(Path.Combine(device, "numa_node")), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var node) && node >= 0 ? node : 0;

    private static long Kilobytes(string text, string label)
    {
        var at = text.IndexOf(label, StringComparison.Ordinal);
        if (at < 0) return 0;
        var digits = new string([.. text[(at + label.Length)..].TrimStart().TakeWhile(char.IsAsciiDigit)]);
        return long.Parse(digits, CultureInfo.InvariantCulture);
    }

    private string At(string path) => Path.Combine(root, path);

    private static IEnumerable<string> Folders(string folder, string pattern) => Directory.Exists(folder) ? Directory.EnumerateDirectories(folder, pattern) : [];

    /// <returns>Empty if there is no such file, or the kernel does not answer: <c>speed</c> of an interface that is down fails.</returns>
    private static string Text(string file)
    {
        try
        {
            return File.ReadAllText(file).Trim();
        }
        catch (Exception silent) when (silent is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }
}
