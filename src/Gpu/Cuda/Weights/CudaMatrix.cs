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
internal sealed class CudaMatrix(MatrixForm form, int outputs, int inputs, CudaDeviceVariable<byte> data, CudaDeviceVariable<byte>? scales) : IDisposable
{
    public MatrixForm Form => form;

    public int Outputs => outputs;

    public int Inputs => inputs;

    /// <summary>Address of the elements.</summary>
    public ulong Data { get; } = (ulong)data.DevicePointer.Pointer;

    /// <summary>Address of the scales; 0 for plain.</summary>
    public ulong Scales { get; } = scales is null ? 0 : (ulong)scales.DevicePointer.Pointer;

    public long LengthBytes => (long)(ulong)data.SizeInBytes + (scales is null ? 0 : (long)(ulong)scales.SizeInBytes);

    public void Dispose()
    {
        data.Dispose();
        scales?.Dispose();
    }
}
