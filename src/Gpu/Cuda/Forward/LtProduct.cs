using ActorInference.Gpu.Cuda.Devices;
using ActorInference.Gpu.Cuda.Native;

namespace ActorInference.Gpu.Cuda.Forward;

/// <summary>y = x W^T of one shape by cuBLASLt, with the algorithm that it recommends, looked for once.</summary>
internal sealed unsafe class LtProduct : IDisposable
{
    private readonly CudaDevice _device;
    private readonly ulong _workspace;
    private readonly string _shape;
    private nint _operation, _weights, _x, _y;
    private CublasLt.Heuristic _algorithm;

    /// <param name="device">That multiplies.</param>
    /// <param name="type">Of the weights and of x.</param>
    /// <param name="result">Of y.</param>
    /// <param name="outputs">Rows of the weights.</param>
    /// <param name="inputs">Columns of the weights and of x.</param>
    /// <param name="rows">Of x and y.</param>
    /// <param name="workspace">Address of <see cref="CudaBuffers.WorkspaceBytes"/> bytes.</param>
    /// <exception cref="CudaLibraryException">cuBLASLt does not multiply such matrices.</exception>
    public LtProduct(CudaDevice device, CublasLt.DataType type, CublasLt.DataType result, int outputs, int inputs, int rows, ulong workspace)
    {
        (_device, _workspace, _shape) = (device, workspace, $"[{outputs}, {inputs}] with {rows} rows");
        try
        {
            Describe(type, result, outputs, inputs, rows);
            FindAlgorithm();
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <param name="weights">Address, shape <c>[outputs, inputs]</c>.</param>
    /// <param name="x">Address, shape <c>[rows, inputs]</c>.</param>
    /// <param name="y">Address, shape <c>[rows, outputs]</c>; overwritten.</param>
    public void Run(ulong weights, ulong x, ulong y)
    {
        float one = 1, zero = 0;
        fixed (CublasLt.Heuristic* algorithm = &_algorithm)
        {
            var status = CublasLt.Multiply(
                _device.Lt, _operation, &one, weights, _weights, x, _x, &zero, y, _y, y, _y, algorithm, _workspace, (nuint)CudaBuffers.WorkspaceBytes, _device.Stream.Pointer);
            if (status != 0) throw new CudaLibraryException($"cublasLtMatmul of {_shape} answers {status}.");
        }
    }

    public void Dispose()
    {
        foreach (var layout in (ReadOnlySpan<nint>)[_weights, _x, _y])
        {
            if (layout != 0) _ = CublasLt.DestroyLayout(layout);
        }

        if (_operation != 0) _ = CublasLt.DestroyOperation(_operation);
        _operation = _weights = _x = _y = 0;
    }

    /// <summary>In cuBLASLt's column-major order the weights are [inputs, outputs], to be transposed, and x is [inputs, rows].</summary>
    private void Describe(CublasLt.DataType type, CublasLt.DataType result, int outputs, int inputs, int rows)
    {
        CublasLt.Check(CublasLt.CreateOperation(out _operation, CublasLt.ComputeF32, CublasLt.DataType.F32), "cublasLtMatmulDescCreate");
        var transpose = CublasLt.OperationTranspose;
        CublasLt.Check(CublasLt.SetOperationAttribute(_operation, CublasLt.TransposeA, &transpose, sizeof(int)), "cublasLtMatmulDescSetAttribute");
        CublasLt.Check(CublasLt.CreateLayout(out _weights, type, (ulong)inputs, (ulong)outputs, inputs), "cublasLtMatrixLayoutCreate");
        CublasLt.Check(CublasLt.CreateLayout(out _x, type, (ulong)inputs, (ulong)rows, inputs), "cublasLtMatrixLayoutCreate");
        CublasLt.Check(CublasLt.CreateLayout(out _y, result, (ulong)outputs, (ulong)rows, outputs), "cublasLtMatrixLayoutCreate");
    }

    private void FindAlgorithm()
    {
        CublasLt.Check(CublasLt.CreatePreference(out var preference), "cublasLtMatmulPreferenceCreate");
        try
        {
            var workspace = (ulong)CudaBuffers.WorkspaceBytes;
            CublasLt.Check(CublasLt.SetPreferenceAttribute(preference, CublasLt.MaxWorkspaceBytes, &workspace, sizeof(ulong)), "cublasLtMatmulPreferenceSetAttribute");
            CublasLt.Heuristic found;
            var count = 0;
            CublasLt.Check(CublasLt.FindAlgorithm(_device.Lt, _operation, _weights, _x, _y, _y, preference, 1, &found, &count), "cublasLtMatmulAlgoGetHeuristic");
            if (count == 0 || found.Status != 0) throw new CudaLibraryException($"cuBLASLt has no algorithm for {_shape}.");
            _algorithm = found;
        }
        finally
        {
            _ = CublasLt.DestroyPreference(preference);
        }
    }
}
