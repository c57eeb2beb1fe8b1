using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using ManagedCuda.BasicTypes;
using ManagedCuda.Native;

namespace ManagedCuda.NVRTC;

internal static class NVRTCNativeMethods
{
    private const string Library = "nvrtc";

#pragma warning disable CA2255 // The imports of this assembly must find their library whoever calls the first of them.
    [ModuleInitializer]
#pragma warning restore CA2255
    internal static void Initialize()
    {
        LibrarySearch.Resolve(
            typeof(NVRTCNativeMethods).Assembly,
            Library,
            OperatingSystem.IsWindows() ? ["nvrtc64_130_0.dll", "nvrtc64_120_0.dll"] : ["libnvrtc.so.13", "libnvrtc.so.12", "libnvrtc.so"]);
        if (OperatingSystem.IsLinux()) LibrarySearch.LoadBeside("libnvrtc-builtins.so.*");
    }

    [DllImport(Library)]
    internal static extern nvrtcResult nvrtcVersion(out int major, out int minor);

    [DllImport(Library)]
    internal static extern nvrtcResult nvrtcCreateProgram(
        out IntPtr program, [MarshalAs(UnmanagedType.LPUTF8Str)] string src, [MarshalAs(UnmanagedType.LPUTF8Str)] string name, int headerCount,
        [MarshalAs(UnmanagedType.LPArray, ArraySubType = UnmanagedType.LPStr)] string[] headers,
        [MarshalAs(UnmanagedType.LPArray, ArraySubType = UnmanagedType.LPStr)] string[] includeNames);

    [DllImport(Library)]
    internal static extern nvrtcResult nvrtcDestroyProgram(ref IntPtr program);

    [DllImport(Library)]
    internal static extern nvrtcResult nvrtcCompileProgram(
        IntPtr program, int optionCount, [MarshalAs(UnmanagedType.LPArray, ArraySubType = UnmanagedType.LPStr)] string[] options);

    [DllImport(Library)]
    internal static extern nvrtcResult nvrtcGetProgramLogSize(IntPtr program, out SizeT bytes);

    [DllImport(Library)]
    internal static extern nvrtcResult nvrtcGetProgramLog(IntPtr program, byte[] log);

    [DllImport(Library)]
    internal static extern nvrtcResult nvrtcGetCUBINSize(IntPtr program, out SizeT bytes);

    [DllImport(Library)]
    internal static extern nvrtcResult nvrtcGetCUBIN(IntPtr program, byte[] cubin);

    [DllImport(Library)]
    internal static extern nvrtcResult nvrtcGetPTXSize(IntPtr program, out SizeT bytes);

    [DllImport(Library)]
    internal static extern nvrtcResult nvrtcGetPTX(IntPtr program, byte[] ptx);
}
