using ManagedCuda.BasicTypes;

namespace ManagedCuda;

/// <summary>What a device is.</summary>
public class CudaDeviceProperties
{
    public string DeviceName { get; internal set; }

    public Version DriverVersion { get; internal set; }

    public Version ComputeCapability { get; internal set; }

    public int MultiProcessorCount { get; internal set; }

    public SizeT TotalGlobalMemory { get; internal set; }
}
