using System.Collections.Immutable;
using System.Diagnostics;
using ActorInference.Roles.Agents;

namespace ActorInference.Agents.Tests;

/// <summary>What a host says of its GPUs, with a library in the place of the driver's.</summary>
public sealed class NvLinkTests : IDisposable
{
    /// <summary>Knows devices 1, 2 and 4, the last two of which are joined, and none else; answers nothing before its begin or after its end.</summary>
    private const string Library = """
        static int begun;
        int nvmlInit_v2(void) { return begun++; }
        int nvmlShutdown(void) { begun--; return 0; }
        int nvmlDeviceGetHandleByPciBusId_v2(const char *id, void **device) {
            int number = id[6] - '0';
            if (begun != 1 || (number != 1 && number != 2 && number != 4)) return 6;
            *device = (void *)(long)number;
            return 0;
        }
        int nvmlDeviceGetP2PStatus(void *a, void *b, int capability, int *status) {
            if (begun != 1 || capability != 2) return 2;
            *status = (long)a + (long)b == 6 ? 0 : 5;
            return 0;
        }
        """;

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("nvlink-");

    public void Dispose() => _folder.Delete(recursive: true);

    [SkippableFact]
    public async Task GPUs_that_the_driver_says_are_joined_by_NVLink_are_shown_so()
    {
        Skip.IfNot(File.Exists("/usr/bin/cc"), "There is no C compiler here.");
        var source = Path.Combine(_folder.FullName, "nvml.c");
        var library = Path.Combine(_folder.FullName, "libnvml.so");
        await File.WriteAllTextAsync(source, Library);
        using (var compiler = Process.Start("/usr/bin/cc", ["-shared", "-fPIC", "-o", library, source]))
        {
            await compiler.WaitForExitAsync().WaitAsync(Deadline.Limit);
            Assert.Equal(0, compiler.ExitCode);
        }

        foreach (var number in Enumerable.Range(1, 4)) AddGpu($"0000:0{number}:00.0");
        var topology = new HostTopologyReader(_folder.FullName, new NvLinkReader(library)).Read(ImmutableSortedDictionary<string, string>.Empty);

        Assert.Equal(["", "3", "", "1"], topology.Gpus.Select(gpu => string.Join(',', gpu.NvLinks)));
    }

    [Fact]
    public void Without_the_drivers_library_no_GPUs_are_taken_to_be_joined()
    {
        foreach (var number in Enumerable.Range(1, 2)) AddGpu($"0000:0{number}:00.0");

        var topology = new HostTopologyReader(_folder.FullName, new NvLinkReader("libabsent.so.1")).Read(ImmutableSortedDictionary<string, string>.Empty);

        Assert.Equal([0, 1], topology.Gpus.Select(gpu => gpu.Number));
        Assert.All(topology.Gpus, gpu => Assert.Empty(gpu.NvLinks));
    }

    private void AddGpu(string busId)
    {
        var device = Directory.CreateDirectory(Path.Combine(_folder.FullName, "sys/bus/pci/devices", busId)).FullName;
        File.WriteAllText(Path.Combine(device, "vendor"), "0x10de\n");
        File.WriteAllText(Path.Combine(device, "class"), "0x030200\n");
    }
}
