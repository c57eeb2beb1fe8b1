using ActorInference.Gpu.Cuda.Devices;
using ActorInference.Gpu.Cuda.Modules;
using ActorInference.Gpu.Cuda.Native;
using ActorInference.Gpu.Cuda.Weights;
using ActorInference.Gpu.Models;
using ManagedCuda;

namespace ActorInference.Gpu.Cuda.Forward;

/// <summary>y = x W^T on the device: by kernels of our own for a few rows, where reading W is all the time there is, else by cuBLASLt.</summary>
internal sealed unsafe class CudaProducts : IDisposable
{
    private const int ThreadsOfGemv = 128;
    private const int OutputsOfBlock = 4;
    private const int PlainRows = 4;
    private const int QuantizedRows = 8;

    private readonly CudaDevice _device;
    private readonly KernelLaunch _launch;
    private readonly CudaBuffers _buffers;
    private readonly CublasLt.DataType _type;
    private readonly int _vectorInputs;
    private readonly CudaKernel _plain, _bytes, _nibbles, _widenBytes, _widenNibbles;
    private readonly Dictionary<(int Outputs, int Inputs, int Rows), LtProduct> _products = [];

    public CudaProducts(CudaDevice device, KernelLaunch launch, CudaBuffers buffers, WeightDtype activations, string definition)
    {
        (_device, _launch, _buffers) = (device, launch, buffers);
        _type = activations switch
        {
            WeightDtype.F32 => CublasLt.DataType.F32,
            WeightDtype.F16 => CublasLt.DataType.F16,
            _ => CublasLt.DataType.BF16,
        };
        _vectorInputs = 16 / activations.SizeBytes();
        var module = device.Modules.Load("gemv.cu", definition);
        (_plain, _bytes, _nibbles) = (new("gemv_plain", module), new("gemv_bytes", module), new("gemv_nibbles", module));
        (_widenBytes, _widenNibbles) = (new("widen_bytes", module), new("widen_nibbles", module));
    }

    /// <summary>Rows that a product of so many really computes: few sizes, so that few algorithms are looked for.</summary>
    public static int RoundRows(int rows) => rows <= 64 ? (rows + 7) / 8 * 8 : (rows + 63) / 64 * 64;

    /// <param name="x">Shape <c>[rows, inputs]</c> in the activations' type, with room for the rounded rows.</param>
    /// <param name="y">Shape <c>[rows, outputs]</c> in float, with as much room. Overwritten.</param>
    public void Run(CudaMatrix weights, ulong x, ulong y, int rows)
    {
        if (weights.Form == MatrixForm.Plain)
        {
            if (rows <= PlainRows && weights.Inputs % _vectorInputs == 0) Few(_plain, weights, x, y, rows);
            else Many(weights.Data, weights.Outputs, weights.Inputs, x, y, rows);
            return;
        }

        if (rows <= QuantizedRows)
        {
            Few(weights.Form == MatrixForm.Bytes ? _bytes : _nibbles, weights, x, y, rows);
            return;
        }

        Widen(weights);
        Many(_buffers.Widened, weights.Outputs, weights.Inputs, x, y, rows);
    }

    public void Dispose()
    {
        foreach (var product in _products.Values) product.Dispose();
        _products.Clear();
    }

    private void Few(CudaKernel kernel, CudaMatrix weights, ulong x, ulong y, int rows)
    {
        _launch.With(y).With(x).With(weights.Data);
        if (weights.Form != MatrixForm.Plain) _launch.With(weights.Scales);
        _launch.With(rows).With(weights.Outputs).With(weights.Inputs)
            .Run(kernel, (weights.Outputs + OutputsOfBlock - 1) / OutputsOfBlock, 1, 1, ThreadsOfGemv);
    }

    private void Widen(CudaMatrix weights)
    {
        var isBytes = weights.Form == MatrixForm.Bytes;
        var inputsOfBlock = ThreadsOfGemv * (isBytes ? 16 : 32);
        _launch.With(_buffers.Widened).With(weights.Data).With(weights.Scales).With(weights.Outputs).With(weights.Inputs)
            .Run(isBytes ? _widenBytes : _widenNibbles, weights.Outputs, (weights.Inputs + inputsOfBlock - 1) / inputsOfBlock, 1, ThreadsOfGemv);
    }

    private void Many(ulong weights, int outputs, int inputs, ulong x, ulong y, int rows)
    {
        var key = (outputs, inputs, RoundRows(rows));
        if (!_products.TryGetValue(key, out var product))
            _products.Add(key, product = new LtProduct(_device, _type, CublasLt.DataType.F32, outputs, inputs, RoundRows(rows), _buffers.Workspace));
        product.Run(weights, x, y);
    }
}
