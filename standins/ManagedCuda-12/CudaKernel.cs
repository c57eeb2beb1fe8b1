using ManagedCuda.BasicTypes;
using static ManagedCuda.DriverAPINativeMethods;

namespace ManagedCuda;

/// <summary>A function of a module that runs on the device.</summary>
public class CudaKernel
{
    public CudaKernel(string kernelName, CUmodule module)
    {
        KernelName = kernelName;
        CudaException.ThrowIfFailed(ModuleManagement.cuModuleGetFunction(out var function, module, kernelName));
        CUFunction = function;
    }

    public string KernelName { get; }

    public CUfunction CUFunction { get; }

    /// <summary>Above 48 KiB it has to be asked for.</summary>
    public int MaxDynamicSharedSizeBytes
    {
        get
        {
            var value = 0;
            CudaException.ThrowIfFailed(FunctionManagement.cuFuncGetAttribute(ref value, CUFunctionAttribute.MaxDynamicSharedSizeBytes, CUFunction));
            return value;
        }
        set => CudaException.ThrowIfFailed(FunctionManagement.cuFuncSetAttribute(CUFunction, CUFunctionAttribute.MaxDynamicSharedSizeBytes, value));
    }
}
