using ActorInference.Gpu.Cuda.Devices;
using ManagedCuda;
using ManagedCuda.BasicTypes;

namespace ActorInference.Gpu.Cuda.Forward;

/// <summary>Steps that were recorded once, by what their launches depend on, and are launched as a whole: one call instead of hundreds.</summary>
internal sealed class CudaGraphs(CudaDevice device) : IDisposable
{
    /// <summary>What a recorded step is for.</summary>
    /// <param name="Rows">Its rows, a power of two.</param>
    /// <param name="SplitKeys">Keys of a split of attention.</param>
    /// <param name="SplitCount">How many splits.</param>
    public readonly record struct Shape(int Rows, int SplitKeys, int SplitCount);

    private readonly Dictionary<Shape, CUgraphExec> _graphs = [];

    public int Count => _graphs.Count;

    /// <summary>Launches a recorded step.</summary>
    /// <returns>False if there is none.</returns>
    public bool TryLaunch(Shape shape)
    {
        if (!_graphs.TryGetValue(shape, out var graph)) return false;
        device.Check(DriverAPINativeMethods.GraphManagment.cuGraphLaunch(graph, device.Stream), "cuGraphLaunch");
        return true;
    }

    /// <summary>Records what <paramref name="launch"/> launches, without doing it.</summary>
    public void Record(Shape shape, Action launch)
    {
        device.Check(DriverAPINativeMethods.Streams.cuStreamBeginCapture(device.Stream, CUstreamCaptureMode.Relaxed), "cuStreamBeginCapture");
        CUgraph graph = default;
        CUResult ended;
        try
        {
            launch();
        }
        finally
        {
            ended = DriverAPINativeMethods.Streams.cuStreamEndCapture(device.Stream, ref graph);
        }

        device.Check(ended, "cuStreamEndCapture");
        CUgraphExec executable = default;
        device.Check(DriverAPINativeMethods.GraphManagment.cuGraphInstantiate(ref executable, graph, CUgraphInstantiate_flags.None), "cuGraphInstantiate");
        _ = DriverAPINativeMethods.GraphManagment.cuGraphDestroy(graph);
        _graphs.Add(shape, executable);
    }

    /// <summary>Forgets all: their addresses are no longer valid.</summary>
    public void Clear()
    {
        if (!device.IsLost)
        {
            device.TryEnter();
            foreach (var graph in _graphs.Values) _ = DriverAPINativeMethods.GraphManagment.cuGraphExecDestroy(graph);
        }

        _graphs.Clear();
    }

    public void Dispose() => Clear();
}
