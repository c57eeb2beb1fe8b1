namespace ActorInference.Gpu.Cuda.Devices;

/// <summary>A device that the driver knows.</summary>
/// <param name="Index">As the driver counts, from 0.</param>
/// <param name="Name">As the driver names it.</param>
/// <param name="ComputeCapability">Major and minor number of its instruction set.</param>
/// <param name="MemoryBytes">All of its memory.</param>
/// <param name="Unusable">Why no model can run on it; null if one can.</param>
public sealed record CudaDeviceInfo(int Index, string Name, Version ComputeCapability, long MemoryBytes, string? Unusable);

/// <summary>What there is of CUDA on this machine.</summary>
/// <param name="Devices">May be empty.</param>
/// <param name="Reason">Why there is none; null if there is one.</param>
public sealed record CudaMachine(IReadOnlyList<CudaDeviceInfo> Devices, string? Reason)
{
    /// <summary>The first device that a model can run on; null if there is none.</summary>
    public CudaDeviceInfo? FirstUsable => Devices.FirstOrDefault(device => device.Unusable is null);
}
