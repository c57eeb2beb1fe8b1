using System.Text;
using ManagedCuda.BasicTypes;
using static ManagedCuda.DriverAPINativeMethods;

namespace ManagedCuda;

/// <summary>A device in use by this process. Of its kinds only <see cref="PrimaryContext"/> can be made here.</summary>
public abstract class CudaContext : IDisposable
{
    private const int MultiprocessorCount = 16;
    private const int ComputeCapabilityMajor = 75;
    private const int ComputeCapabilityMinor = 76;

    private bool _isDisposed;

    internal CudaContext(int deviceId)
    {
        Device = GetCUdevice(deviceId);
        DeviceId = deviceId;
        CudaException.ThrowIfFailed(ContextManagement.cuDevicePrimaryCtxRetain(out var context, Device));
        Context = context;
        SetCurrent();
    }

    public CUcontext Context { get; }

    public CUdevice Device { get; }

    public int DeviceId { get; }

    public static int GetDeviceCount()
    {
        Initialize();
        CudaException.ThrowIfFailed(DeviceManagement.cuDeviceGetCount(out var count));
        return count;
    }

    public static Version GetDriverVersion()
    {
        CudaException.ThrowIfFailed(cuDriverGetVersion(out var version));
        return new Version(version / 1000, version % 1000 / 10);
    }

    public static CUdevice GetCUdevice(int deviceId)
    {
        Initialize();
        CudaException.ThrowIfFailed(DeviceManagement.cuDeviceGet(out var device, deviceId));
        return device;
    }

    public static unsafe string GetDeviceName(int deviceId)
    {
        var name = stackalloc byte[256];
        CudaException.ThrowIfFailed(DeviceManagement.cuDeviceGetName(name, 256, GetCUdevice(deviceId)));
        var length = 0;
        while (length < 256 && name[length] != 0) length++;
        return Encoding.UTF8.GetString(name, length);
    }

    public static Version GetDeviceComputeCapability(int deviceId)
    {
        var device = GetCUdevice(deviceId);
        return new Version(Attribute(device, ComputeCapabilityMajor), Attribute(device, ComputeCapabilityMinor));
    }

    public static CudaDeviceProperties GetDeviceInfo(int deviceId)
    {
        var device = GetCUdevice(deviceId);
        CudaException.ThrowIfFailed(DeviceManagement.cuDeviceTotalMem_v2(out var bytes, device));
        return new CudaDeviceProperties
        {
            DeviceName = GetDeviceName(deviceId),
            DriverVersion = GetDriverVersion(),
            ComputeCapability = GetDeviceComputeCapability(deviceId),
            MultiProcessorCount = Attribute(device, MultiprocessorCount),
            TotalGlobalMemory = bytes,
        };
    }

    public CudaDeviceProperties GetDeviceInfo() => GetDeviceInfo(DeviceId);

    public void SetCurrent() => CudaException.ThrowIfFailed(ContextManagement.cuCtxSetCurrent(Context));

    public void Synchronize() => CudaException.ThrowIfFailed(ContextManagement.cuCtxSynchronize());

    public SizeT GetFreeDeviceMemorySize() => MemoryInfo().Free;

    public SizeT GetTotalDeviceMemorySize() => MemoryInfo().Total;

    /// <summary>Loads a PTX text that ends in a zero, or a cubin.</summary>
    public unsafe CUmodule LoadModulePTX(byte[] image)
    {
        fixed (byte* data = image)
        {
            CudaException.ThrowIfFailed(ModuleManagement.cuModuleLoadDataEx(out var module, data, 0, null, null));
            return module;
        }
    }

    public void UnloadModule(CUmodule aModule) => CudaException.ThrowIfFailed(ModuleManagement.cuModuleUnload(aModule));

    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    protected virtual void Dispose(bool fDisposing)
    {
        if (_isDisposed) return;
        _isDisposed = true;
        // Nothing can be done about a failure here, and a context with a fault in it answers every call with one.
        _ = ContextManagement.cuDevicePrimaryCtxRelease_v2(Device);
    }

    private static void Initialize() => CudaException.ThrowIfFailed(cuInit(0));

    private static int Attribute(CUdevice device, int attribute)
    {
        CudaException.ThrowIfFailed(DeviceManagement.cuDeviceGetAttribute(out var value, attribute, device));
        return value;
    }

    private static (SizeT Free, SizeT Total) MemoryInfo()
    {
        SizeT free = 0, total = 0;
        CudaException.ThrowIfFailed(MemoryManagement.cuMemGetInfo_v2(ref free, ref total));
        return (free, total);
    }
}

/// <summary>The context that all libraries of a process share.</summary>
public class PrimaryContext : CudaContext
{
    public PrimaryContext(int deviceId)
        : base(deviceId)
    {
    }

    /// <summary>Ends everything in the device's primary context, faults too.</summary>
    public static void Reset(int deviceId) => CudaException.ThrowIfFailed(ContextManagement.cuDevicePrimaryCtxReset_v2(GetCUdevice(deviceId)));
}
