using ActorInference.Gpu.Cpu;
using ActorInference.Gpu.Cuda.Devices;
using ActorInference.Gpu.Models;
using ManagedCuda;
using ManagedCuda.BasicTypes;

namespace ActorInference.Gpu.Cuda.Forward;

/// <summary>Cosines and sines of every position's rotations on the device: the same numbers as the processor's.</summary>
internal sealed unsafe class CudaRope : IDisposable
{
    private readonly CudaDevice _device;
    private readonly CudaDeviceVariable<byte> _table;

    public CudaRope(CudaDevice device, ModelConfig config, int positions)
    {
        _device = device;
        using var table = new RopeTable(config.Rope, config.HeadDim, positions);
        var bytes = (long)positions * table.Half * sizeof(float);
        _table = device.Allocate(2 * bytes, "rotations");
        Cosines = (ulong)_table.DevicePointer.Pointer;
        Sines = Cosines + (ulong)bytes;
        device.Upload(_table.DevicePointer, (nint)table.Cos(0), bytes);
        device.Upload(_table.DevicePointer + (SizeT)bytes, (nint)table.Sin(0), bytes);
    }

    /// <summary>Shape <c>[positions, headDim / 2]</c>.</summary>
    public ulong Cosines { get; }

    /// <summary>Same shape.</summary>
    public ulong Sines { get; }

    public void Dispose() => _device.Release(_table);
}
