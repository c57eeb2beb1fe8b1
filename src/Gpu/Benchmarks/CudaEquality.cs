using ActorInference.Actors.Generation;
using ActorInference.Actors.Kv;
using ActorInference.Gpu.Cpu;
using ActorInference.Gpu.Cuda;
using ActorInference.Gpu.Cuda.Forward;
using ActorInference.Gpu.Engine;
using ActorInference.Gpu.Kv;
using ActorInference.Gpu.Models;
using ActorInference.Gpu.Models.Gguf;
using ActorInference.Gpu.Sampling;

namespace ActorInference.Gpu.Benchmarks;

/// <summary>Compares a CUDA device with the processor, over models of odd shapes: prompts in chunks, then steps of several sequences and of one.</summary>
public static class CudaEquality
{
    private const int Sequences = 5;
    private const int JointSteps = 4;
    private const int SingleSteps = 3;
    private const int ChunkTokens = 512;
    private const int Vocab = 1003;   // Odd, so that rows of logits begin anywhere.

    /// <summary>By sequence: how its tokens are chosen.</summary>
    private static readonly SamplingOptions[] Choices =
    [
        new() { Temperature = 0 },
        new() { Temperature = 0.7f, TopK = 40, Seed = 2 },
        new() { Temperature = 1, TopP = 0.9f, Seed = 3 },
        new() { Temperature = 1.3f, Seed = 4 },
        new() { Temperature = 0.9f, TopK = 50, TopP = 0.95f, MinP = 0.02f, Seed = 5 },
    ];

    /// <param name="device">Number of the device.</param>
    /// <param name="wanted">What to compare.</param>
    /// <param name="kernelCache">Where compiled kernels are kept; null to keep none.</param>
    /// <param name="folder">For the model's files, which stay there.</param>
    /// <exception cref="CudaMemoryException">It does not fit.</exception>
    /// <exception cref="CudaLibraryException">A library is missing, or refuses.</exception>
    /// <exception cref="CudaDeviceLostException">The device failed.</exception>
    public static CudaEqualityResult Run(int device, CudaEqualityCase wanted, string? kernelCache, string folder)
    {
        var path = WriteModel(wanted, folder);
        var expected = new List<float[]>();
        using (var weights = ModelWeights.Load(path))
        {
            using var pool = new KvPagePool(new KvPageLayout(weights.Config.Layers, wanted.PageSizeTokens, wanted.KvHeads, wanted.HeadDim, KvDtype.F32), PagesEach(wanted) * Sequences);
            using var runner = new CpuModelRunner(weights, pool, new CpuRunnerOptions { MaxBatchTokens = ChunkTokens });
            Drive(runner, wanted, (index, logits) => expected.Add(logits.ToArray()));
        }

        using var model = CudaModel.Load(device, path, kernelCache);
        using var pages = model.CreatePool(model.Layout(wanted.PageSizeTokens, wanted.Kv), PagesEach(wanted) * Sequences);
        using var own = new CudaModelRunner(model.Weights, pages, new CudaRunnerOptions { MaxBatchTokens = ChunkTokens });
        var (worst, chosen, different, next) = (0.0, 0, 0, 0);
        Drive(own, wanted, (_, logits) => worst = Math.Max(worst, Error(expected[next++], logits)), (token, here) =>
        {
            chosen++;
            if (token != here) different++;
        });
        return new CudaEqualityResult(wanted, worst, chosen, different);
    }

    private static int Tokens(CudaEqualityCase wanted, int sequence) => Math.Max(1, wanted.PromptTokens - sequence);

    private static int PagesEach(CudaEqualityCase wanted) => (wanted.PromptTokens + JointSteps + SingleSteps + wanted.PageSizeTokens - 1) / wanted.PageSizeTokens;

    /// <summary>Runs the same everywhere, whatever is chosen.</summary>
    /// <param name="logits">Told of each token's, and by which sequence.</param>
    /// <param name="tokens">Told what the runner chose and what the host's sampler chooses; null where the runner does not choose.</param>
    private static void Drive(IModelRunner runner, CudaEqualityCase wanted, LogitsOf logits, Action<int, int>? tokens = null)
    {
        var each = PagesEach(wanted);
        int[][] pages = [.. Enumerable.Range(0, Sequences).Select(i => Enumerable.Range(i * each, each).Reverse().ToArray())];
        var (batch, random) = (new ForwardBatch(), new Random(1));
        for (var i = 0; i < Sequences; i++)
        {
            var prompt = Enumerable.Range(0, Tokens(wanted, i)).Select(_ => random.Next(Vocab)).ToArray();
            for (var first = 0; first < prompt.Length; first += ChunkTokens)
            {
                var count = Math.Min(ChunkTokens, prompt.Length - first);
                batch.Clear();
                batch.Add(prompt.AsSpan(first, count), first, pages[i], wantLogits: first + count == prompt.Length);
                runner.Forward(batch);
            }

            logits(i, runner.Logits(0));
        }

        var sampler = new Sampler(Vocab, []);
        for (var step = 0; step < JointSteps + SingleSteps; step++)
        {
            batch.Clear();
            var count = step < JointSteps ? Sequences : 1;
            var states = new SamplerState[count];
            for (var i = 0; i < count; i++)
            {
                batch.Add([random.Next(Vocab)], Tokens(wanted, i) + step, pages[i], wantLogits: true);
                states[i] = new SamplerState(Choices[i], [], new int[step]);
                if (tokens is not null) batch.LetChoose(i, states[i].Choice(ahead: 0)!.Value);
            }

            runner.Forward(batch);
            for (var i = 0; i < count; i++)
            {
                logits(i, runner.Logits(i));
                if (tokens is not null) tokens(((ISamplingRunner)runner).Token(i), sampler.Sample(runner.Logits(i).ToArray(), states[i], out _));
            }
        }
    }

    private delegate void LogitsOf(int sequence, ReadOnlySpan<float> logits);

    private static double Error(float[] expected, ReadOnlySpan<float> actual)
    {
        double difference = 0, size = 0;
        for (var i = 0; i < expected.Length; i++)
        {
            difference += Math.Pow((double)expected[i] - actual[i], 2);
            size += (double)expected[i] * expected[i];
        }

        // What is no number is as far off as can be.
        return double.IsFinite(difference) ? Math.Sqrt(difference / size) : double.PositiveInfinity;
    }

    private static string WriteModel(CudaEqualityCase wanted, string folder)
    {
        var isQuantized = wanted.Weights.IsQuantized();
        // Rows of quantized weights are whole blocks of 32; of others whole loads.
        var (hidden, ffn) = isQuantized ? (160, 224) : (136, 200);
        var shape = ModelShape.Custom(layers: 2, hidden, wanted.Heads, wanted.KvHeads, wanted.HeadDim, ffn, Vocab, context: wanted.PromptTokens + JointSteps + SingleSteps);
        var path = Path.Combine(folder, Guid.NewGuid().ToString("N"));
        RandomModel.Write(shape, isQuantized ? WeightDtype.BF16 : wanted.Weights, path);
        if (!isQuantized) return path;
        GgufConverter.Convert(path, path + GgufFile.Extension, wanted.Weights);
        return path + GgufFile.Extension;
    }
}
