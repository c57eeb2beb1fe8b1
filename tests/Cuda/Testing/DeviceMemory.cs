using System.Runtime.InteropServices;
using ActorInference.Gpu.Cpu;
using ActorInference.Gpu.Cuda.Devices;
using ActorInference.Gpu.Cuda.Modules;
using ActorInference.Gpu.Models;
using ManagedCuda;

namespace ActorInference.Cuda.Tests.Testing;

/// <summary>The device with what a test of one kernel puts there.</summary>
internal sealed unsafe class DeviceMemory : IDisposable
{
    private readonly List<CudaDeviceVariable<byte>> _owned = [];
    private readonly Dictionary<ulong, CudaDeviceVariable<byte>> _buffers = [];

    public DeviceMemory()
    {
        Device = EmulatedCuda.Open();
        Launch = new KernelLaunch(Device);
    }

    public CudaDevice Device { get; }

    public KernelLaunch Launch { get; }

    public CudaKernel Kernel(string file, string name, params string[] definitions) => new(name, Device.Modules.Load(file, definitions));

    /// <summary>Memory with nothing in it yet.</summary>
    public ulong New(long bytes)
    {
        var buffer = Device.Allocate(bytes, "tests");
        _owned.Add(buffer);
        _buffers.Add((ulong)buffer.DevicePointer.Pointer, buffer);
        return (ulong)buffer.DevicePointer.Pointer;
    }

    public ulong Put<T>(ReadOnlySpan<T> values)
        where T : unmanaged
    {
        var bytes = MemoryMarshal.AsBytes(values);
        var address = New(Math.Max(16, bytes.Length));
        fixed (byte* source = bytes)
            Device.Check(DriverAPINativeMethods.SynchronousMemcpy_v2.cuMemcpyHtoD_v2(_buffers[address].DevicePointer, (nint)source, bytes.Length), "copy");
        return address;
    }

    public ulong Put<T>(params T[] values)
        where T : unmanaged => Put<T>(values.AsSpan());

    /// <summary>Floats in a type of kernels: float, f16, bf16 or f8.</summary>
    public ulong PutAs(string type, float[] values) => type == "f8" ? Put(Array.ConvertAll(values, EightBits.Narrow)) : Put<byte>(Narrow(type, values));

    public T[] Get<T>(ulong address, int count)
        where T : unmanaged
    {
        var values = new T[count];
        Device.Synchronize();
        fixed (T* target = values)
            Device.Check(DriverAPINativeMethods.SynchronousMemcpy_v2.cuMemcpyDtoH_v2((nint)target, _buffers[address].DevicePointer, (long)count * sizeof(T)), "copy");
        return values;
    }

    public float[] GetAs(string type, ulong address, int count) =>
        type == "float" ? Get<float>(address, count)
        : type == "f8" ? Array.ConvertAll(Get<byte>(address, count), EightBits.Widen)
        : Array.ConvertAll(Get<ushort>(address, count), bits => type == "f16" ? HalfFormat.FromF16(bits) : HalfFormat.FromBF16(bits));

    /// <summary>What a type keeps of floats.</summary>
    public static float[] Rounded(string type, float[] values) => Array.ConvertAll(
        values, value => type == "float" ? value : type == "f8" ? EightBits.Widen(EightBits.Narrow(value)) : type == "f16" ? HalfFormat.FromF16(HalfFormat.ToF16(value)) : HalfFormat.FromBF16(HalfFormat.ToBF16(value)));

    /// <summary>Numbers around 0.</summary>
    public static float[] Random(Random random, int count, float scale = 1)
    {
        var values = new float[count];
        for (var i = 0; i < count; i++) values[i] = (float)(random.NextDouble() * 2 - 1) * scale;
        return values;
    }

    public void Dispose()
    {
        Launch.Dispose();
        foreach (var buffer in _owned) buffer.Dispose();
        Device.Dispose();
    }

    private static byte[] Narrow(string type, float[] values)
    {
        var dtype = type switch { "float" => WeightDtype.F32, "f16" => WeightDtype.F16, _ => WeightDtype.BF16 };
        var bytes = new byte[values.Length * dtype.SizeBytes()];
        WeightReader.Narrow(values, dtype, bytes);
        return bytes;
    }
}
