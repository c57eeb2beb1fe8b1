using System.Runtime.InteropServices;
using ManagedCuda.BasicTypes;
using ManagedCuda.Native;

namespace ManagedCuda;

/// <summary>The driver's functions as they are.</summary>
public static class DriverAPINativeMethods
{
    private const string Library = DriverLibrary.Name;

    [DllImport(Library)]
    internal static extern CUResult cuInit(uint flags);

    [DllImport(Library)]
    internal static extern CUResult cuDriverGetVersion(out int version);

    public static class DeviceManagement
    {
        [DllImport(Library)]
        internal static extern CUResult cuDeviceGetCount(out int count);

        [DllImport(Library)]
        internal static extern CUResult cuDeviceGet(out CUdevice device, int ordinal);

        [DllImport(Library)]
        internal static extern unsafe CUResult cuDeviceGetName(byte* name, int length, CUdevice device);

        [DllImport(Library)]
        internal static extern CUResult cuDeviceTotalMem_v2(out SizeT bytes, CUdevice device);

        [DllImport(Library)]
        internal static extern CUResult cuDeviceGetAttribute(out int value, int attribute, CUdevice device);
    }

    public static class ContextManagement
    {
        [DllImport(Library)]
        internal static extern CUResult cuDevicePrimaryCtxRetain(out CUcontext context, CUdevice device);

        [DllImport(Library)]
        internal static extern CUResult cuDevicePrimaryCtxRelease_v2(CUdevice device);

        [DllImport(Library)]
        internal static extern CUResult cuDevicePrimaryCtxReset_v2(CUdevice device);

        [DllImport(Library)]
        public static extern CUResult cuCtxSetCurrent(CUcontext ctx);

        [DllImport(Library)]
        public static extern CUResult cuCtxSynchronize();
    }

    public static class ModuleManagement
    {
        [DllImport(Library)]
        internal static extern unsafe CUResult cuModuleLoadDataEx(out CUmodule module, byte* image, uint optionCount, void* options, void* values);

        [DllImport(Library)]
        public static extern CUResult cuModuleUnload(CUmodule hmod);

        [DllImport(Library)]
        internal static extern CUResult cuModuleGetFunction(out CUfunction function, CUmodule module, [MarshalAs(UnmanagedType.LPUTF8Str)] string name);
    }

    public static class FunctionManagement
    {
        [DllImport(Library)]
        public static extern CUResult cuFuncSetAttribute(CUfunction hfunc, CUFunctionAttribute attrib, int value);

        [DllImport(Library)]
        public static extern CUResult cuFuncGetAttribute(ref int pi, CUFunctionAttribute attrib, CUfunction hfunc);
    }

    public static class MemoryManagement
    {
        [DllImport(Library)]
        public static extern CUResult cuMemGetInfo_v2(ref SizeT free, ref SizeT total);

        [DllImport(Library)]
        public static extern CUResult cuMemAlloc_v2(ref CUdeviceptr dptr, SizeT bytesize);

        [DllImport(Library)]
        public static extern CUResult cuMemFree_v2(CUdeviceptr dptr);

        [DllImport(Library)]
        public static extern CUResult cuMemHostAlloc(ref IntPtr pp, SizeT bytesize, CUMemHostAllocFlags flags);

        [DllImport(Library)]
        public static extern CUResult cuMemFreeHost(IntPtr p);
    }

    public static class SynchronousMemcpy_v2
    {
        [DllImport(Library)]
        public static extern CUResult cuMemcpyHtoD_v2(CUdeviceptr dstDevice, IntPtr srcHost, SizeT byteCount);

        [DllImport(Library)]
        public static extern CUResult cuMemcpyDtoH_v2(IntPtr dstHost, CUdeviceptr srcDevice, SizeT byteCount);
    }

    public static class AsynchronousMemcpy_v2
    {
        [DllImport(Library)]
        public static extern CUResult cuMemcpyHtoDAsync_v2(CUdeviceptr dstDevice, IntPtr srcHost, SizeT byteCount, CUstream hStream);

        [DllImport(Library)]
        public static extern CUResult cuMemcpyDtoHAsync_v2(IntPtr dstHost, CUdeviceptr srcDevice, SizeT byteCount, CUstream hStream);

        [DllImport(Library)]
        public static extern CUResult cuMemcpyDtoDAsync_v2(CUdeviceptr dstDevice, CUdeviceptr srcDevice, SizeT byteCount, CUstream hStream);
    }

    public static class Launch
    {
        [DllImport(Library)]
        public static extern CUResult cuLaunchKernel(
            CUfunction f, uint gridDimX, uint gridDimY, uint gridDimZ, uint blockDimX, uint blockDimY, uint blockDimZ,
            uint sharedMemBytes, CUstream hStream, IntPtr[] kernelParams, IntPtr[] extra);
    }

    public static class Streams
    {
        [DllImport(Library)]
        internal static extern CUResult cuStreamCreate(out CUstream stream, CUStreamFlags flags);

        [DllImport(Library)]
        internal static extern CUResult cuStreamDestroy_v2(CUstream stream);

        [DllImport(Library)]
        internal static extern CUResult cuStreamSynchronize(CUstream stream);

        [DllImport(Library)]
        internal static extern CUResult cuStreamWaitEvent(CUstream stream, CUevent @event, uint flags);

        [DllImport(Library, EntryPoint = "cuStreamBeginCapture_v2")]
        public static extern CUResult cuStreamBeginCapture(CUstream hStream, CUstreamCaptureMode mode);

        [DllImport(Library)]
        public static extern CUResult cuStreamEndCapture(CUstream hStream, ref CUgraph phGraph);
    }

    public static class Events
    {
        [DllImport(Library)]
        internal static extern CUResult cuEventCreate(out CUevent @event, CUEventFlags flags);

        [DllImport(Library)]
        internal static extern CUResult cuEventDestroy_v2(CUevent @event);

        [DllImport(Library)]
        internal static extern CUResult cuEventRecord(CUevent @event, CUstream stream);

        [DllImport(Library)]
        internal static extern CUResult cuEventSynchronize(CUevent @event);

        [DllImport(Library)]
        internal static extern CUResult cuEventQuery(CUevent @event);

        [DllImport(Library)]
        internal static extern CUResult cuEventElapsedTime(out float milliseconds, CUevent start, CUevent end);
    }

    public static class GraphManagment
    {
        [DllImport(Library, EntryPoint = "cuGraphInstantiateWithFlags")]
        public static extern CUResult cuGraphInstantiate(ref CUgraphExec phGraphExec, CUgraph hGraph, CUgraphInstantiate_flags flags);

        [DllImport(Library)]
        public static extern CUResult cuGraphLaunch(CUgraphExec hGraphExec, CUstream hStream);

        [DllImport(Library)]
        public static extern CUResult cuGraphExecDestroy(CUgraphExec hGraphExec);

        [DllImport(Library)]
        public static extern CUResult cuGraphDestroy(CUgraph hGraph);
    }
}
