using System.Text;

namespace ManagedCuda.NVRTC;

/// <summary>Compiles CUDA C++ at run time.</summary>
public class CudaRuntimeCompiler : IDisposable
{
    private IntPtr _program;

    public CudaRuntimeCompiler(string src, string name, string[] headers, string[] includeNames) =>
        Check(NVRTCNativeMethods.nvrtcCreateProgram(out _program, src, name, headers.Length, headers, includeNames));

    public static Version GetVersion()
    {
        Check(NVRTCNativeMethods.nvrtcVersion(out var major, out var minor));
        return new Version(major, minor);
    }

    /// <exception cref="NVRTCException">It does not compile; the log says why.</exception>
    public void Compile(string[] options) => Check(NVRTCNativeMethods.nvrtcCompileProgram(_program, options.Length, options));

    public byte[] GetCubin()
    {
        Check(NVRTCNativeMethods.nvrtcGetCUBINSize(_program, out var bytes));
        var cubin = new byte[(long)bytes];
        Check(NVRTCNativeMethods.nvrtcGetCUBIN(_program, cubin));
        return cubin;
    }

    public byte[] GetPTX()
    {
        Check(NVRTCNativeMethods.nvrtcGetPTXSize(_program, out var bytes));
        var ptx = new byte[(long)bytes];
        Check(NVRTCNativeMethods.nvrtcGetPTX(_program, ptx));
        return ptx;
    }

    public string GetLogAsString()
    {
        Check(NVRTCNativeMethods.nvrtcGetProgramLogSize(_program, out var bytes));
        var log = new byte[(long)bytes];
        Check(NVRTCNativeMethods.nvrtcGetProgramLog(_program, log));
        return Encoding.UTF8.GetString(log).TrimEnd('\0');
    }

    public void Dispose()
    {
        if (_program != default) _ = NVRTCNativeMethods.nvrtcDestroyProgram(ref _program);
        _program = default;
        GC.SuppressFinalize(this);
    }

    private static void Check(nvrtcResult result)
    {
        if (result != nvrtcResult.Success) throw new NVRTCException(result);
    }
}
