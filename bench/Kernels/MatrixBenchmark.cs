using System.Numerics.Tensors;
using ActorInference.Gpu.Cpu;
using ActorInference.Gpu.Models;
using BenchmarkDotNet.Attributes;

namespace ActorInference.Bench.Kernels;

/// <summary>One projection of a layer, [rows, 1024] by [1024, 1024], on one thread; the library takes a dot product an output.</summary>
public unsafe class MatrixBenchmark
{
    private const int Size = 1024;

    private string _folder = "";
    private ModelWeights _weights = null!;
    private GemmWork _gemm = null!;
    private ComputeThreads _threads = null!;
    private NativeBuffer _input = null!;
    private NativeBuffer _output = null!;
    private float[] _plainWeights = [];
    private float[] _plainInput = [];
    private float[] _plainOutput = [];

    /// <summary>1 is a decode step of one sequence, 128 a chunk of a prompt.</summary>
    [Params(1, 8, 128)]
    public int Rows { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        _folder = Directory.CreateTempSubdirectory("kernels-").FullName;
        RandomModel.Write(ModelShape.Custom(layers: 1, hidden: Size, heads: 16, kvHeads: 16, headDim: 64, ffn: 256, vocab: 300), WeightDtype.F32, _folder);
        _weights = ModelWeights.Load(_folder, ModelConfig.Load(_folder));
        _weights.PackAll();
        var kernels = KernelTable.For(_weights.Simd);
        (_gemm, _threads) = (new GemmWork(kernels, threads: 1), new ComputeThreads(1));
        (_input, _output) = (NativeBuffer.OfFloats((long)Rows * Size), NativeBuffer.OfFloats((long)Rows * 2 * Size));
        var random = new Random(1);
        _plainWeights = [.. Enumerable.Range(0, Size * Size).Select(_ => random.NextSingle())];
        _plainInput = [.. Enumerable.Range(0, Rows * Size).Select(_ => random.NextSingle())];
        _plainOutput = new float[Rows * Size];
        _plainInput.CopyTo(new Span<float>(_input.Data, Rows * Size));
    }

    [GlobalCleanup]
    public void Cleanup()
    {
        _weights.Dispose();
        _gemm.Dispose();
        _threads.Dispose();
        _input.Dispose();
        _output.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Benchmark]
    public void Gemm() =>
        _gemm.Run(_threads, (float*)_input.Data, Size, Rows, (PackedMatrix)_weights.Layers[0].Output, null, (float*)_output.Data, 2 * Size, GemmEnd.Store);

    [Benchmark(Baseline = true)]
    public void TensorPrimitivesDot()
    {
        for (var row = 0; row < Rows; row++)
        {
            var x = _plainInput.AsSpan(row * Size, Size);
            for (var output = 0; output < Size; output++) _plainOutput[row * Size + output] = TensorPrimitives.Dot(x, _plainWeights.AsSpan(output * Size, Size));
        }
    }
}
