using System.CommandLine;
using ActorInference.Gpu.Cpu;
using ActorInference.Gpu.Cuda.Devices;

namespace ActorInference.Host.Commands;

/// <summary><c>actorinference devices</c>.</summary>
public static class DevicesCommand
{
    public static Command Create()
    {
        var command = new Command("devices", "List what models can run on here, and why something cannot be used.");
        command.SetAction(_ =>
        {
            foreach (var line in Lines(CudaProbe.Look())) Console.Out.WriteLine(line);
        });
        return command;
    }

    /// <summary>One line a device, and one for CUDA if it has none.</summary>
    public static IEnumerable<string> Lines(CudaMachine machine)
    {
        yield return $"cpu     {Environment.ProcessorCount} processors, {SimdLevels.Best}, {GC.GetGCMemoryInfo().TotalAvailableMemoryBytes >> 20} MiB";
        foreach (var device in machine.Devices)
        {
            var state = device.Unusable is { } reason ? $"not usable: {reason}" : "usable";
            yield return $"cuda:{device.Index}  {device.Name}, compute capability {device.ComputeCapability}, {device.MemoryBytes >> 20} MiB: {state}";
        }

        if (machine.Reason is { } missing) yield return $"cuda    none: {missing}";
    }
}
