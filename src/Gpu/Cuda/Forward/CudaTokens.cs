using ActorInference.Gpu.Cuda.Devices;
using ActorInference.Gpu.Cuda.Modules;
using ActorInference.Gpu.Cuda.Ranks;
using ManagedCuda;

namespace ActorInference.Gpu.Cuda.Forward;

/// <summary>Tokens that the device chooses: they stay there for the next step, and are copied out for each of the two that may be under way.</summary>
internal sealed unsafe class CudaTokens : IDisposable
{
    private const int Threads = 1024;

    private readonly CudaDevice _device;
    private readonly CudaKernel _sample;
    private readonly CudaDeviceVariable<byte> _tokens;
    private readonly CudaPageLockedHostMemory<int> _host;
    private readonly int _maxRows;
    private readonly int _vocab;
    private readonly DeviceGroup? _group;

    /// <exception cref="Cuda.CudaMemoryException">There is no memory.</exception>
    public CudaTokens(CudaDevice device, int maxRows, int vocab, DeviceGroup? group)
    {
        (_device, _maxRows, _vocab, _group) = (device, maxRows, vocab, group);
        _sample = new CudaKernel("sample", device.Modules.Load("sample.cu"));
        _tokens = device.Allocate((long)maxRows * sizeof(int), "tokens");
        _host = device.AllocatePinned<int>(2L * maxRows, "tokens");
    }

    /// <summary>Shape <c>[rows]</c>: of the last step that chose, by row of its logits.</summary>
    public ulong Address => (ulong)_tokens.DevicePointer.Pointer;

    /// <summary>Begins to choose, and to copy what was chosen. Of several ranks the first one does, and tells the others, whose next step begins with it.</summary>
    /// <param name="launch">Launches.</param>
    /// <param name="plan">With the choices of its rows of logits.</param>
    /// <param name="step">0 or 1.</param>
    /// <param name="logits">Shape <c>[rows, vocab]</c>.</param>
    public void Launch(KernelLaunch launch, CudaStepPlan plan, int step, ulong logits)
    {
        var isFirst = _group is null or { Rank: 0 };
        if (isFirst) launch.With(Address).With(logits).With(plan.Choices).With(plan.LogitCountAt).With(_vocab).Run(_sample, plan.LogitCount, 1, 1, Threads);
        _group?.Tell(Address, plan.LogitCount);
        if (!isFirst) return;
        var bytes = (long)plan.LogitCount * sizeof(int);
        var result = DriverAPINativeMethods.AsynchronousMemcpy_v2.cuMemcpyDtoHAsync_v2((nint)Host(step), _tokens.DevicePointer, bytes, _device.Stream);
        _device.Check(result, "cuMemcpyDtoHAsync");
    }

    /// <summary>A token of a step that was waited for.</summary>
    public int Token(int step, int row) => Host(step)[row];

    public void Dispose()
    {
        _device.Release(_host);
        _device.Release(_tokens);
    }

    private int* Host(int step) => (int*)_host.PinnedHostPointer + step * _maxRows;
}
