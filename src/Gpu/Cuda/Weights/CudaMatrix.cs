using ManagedCuda;

namespace ActorInference.Gpu.Cuda.Weights;

/// <summary>How a matrix lies in the device's memory.</summary>
internal enum MatrixForm
{
    /// <summary>Elements of the activations' type, <c>[outputs, inputs]</c>.</summary>
    Plain,

    /// <summary>Signed bytes <c>[outputs, inputs]</c>, and a F16 scale for each 32.</summary>
    Bytes,

    /// <summary>Nibbles, of each 32 inputs the first 16 low; less 8; and a F16 scale for each 32.</summary>
    Nibbles,
}

/// <summary>A weight matrix on the device.</summary>
internal sealed class CudaMatrix : IDisposable
{
    private readonly CudaDeviceVariable<byte>? _data;
    private readonly CudaDeviceVariable<byte>? _scales;

    public CudaMatrix(MatrixForm form, int outputs, int inputs, CudaDeviceVariable<byte> data, CudaDeviceVariable<byte>? scales)
    {
        (Form, Outputs, Inputs, _data, _scales) = (form, outputs, inputs, data, scales);
        Data = (ulong)data.DevicePointer.Pointer;
        Scales = scales is null ? 0 : (ulong)scales.DevicePointer.Pointer;
        LengthBytes = (long)(ulong)data.SizeInBytes + (scales is null ? 0 : (long)(ulong)scales.SizeInBytes);
    }

    private CudaMatrix(CudaMatrix whole, int first, int count, int rowBytes)
    {
        (Form, Outputs, Inputs) = (whole.Form, count, whole.Inputs);
        Data = whole.Data + (ulong)((long)first * rowBytes);
        LengthBytes = (long)count * rowBytes;
    }

    public MatrixForm Form { get; }

    public int Outputs { get; }

    public int Inputs { get; }

    /// <summary>Address of the elements.</summary>
    public ulong Data { get; }

    /// <summary>Address of the scales; 0 for plain.</summary>
    public ulong Scales { get; }

    public long LengthBytes { get; }

    /// <summary>Neighbouring rows of a plain one: the same memory, which is this one's still.</summary>
    public CudaMatrix Rows(int first, int count, int rowBytes) => new(this, first, count, rowBytes);

    public void Dispose()
    {
        _data?.Dispose();
        _scales?.Dispose();
    }
}
