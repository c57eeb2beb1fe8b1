using System.Numerics;
using ActorInference.Cuda.Tests.Testing;
using ActorInference.Gpu.Cuda.Forward;

namespace ActorInference.Cuda.Tests.Kernels;

/// <summary>Attention over pages against its definition in double precision: head sizes, groups, page sizes, lengths.</summary>
public sealed class AttentionTests
{
    [SkippableTheory]
    [InlineData(8, 1, 16, "float", 1)]
    [InlineData(64, 1, 16, "bf16", 4097)]
    [InlineData(80, 2, 64, "f16", 257)]
    [InlineData(96, 3, 16, "bf16", 33)]
    [InlineData(128, 4, 64, "bf16", 1025)]
    [InlineData(64, 5, 64, "float", 515)]
    [InlineData(80, 6, 16, "bf16", 64)]
    [InlineData(96, 7, 64, "f16", 300)]
    [InlineData(128, 8, 16, "bf16", 511)]
    [InlineData(80, 3, 16, "f8", 300)]
    [InlineData(128, 4, 64, "f8", 33)]
    public void Single_queries_see_all_their_keys(int headDim, int group, int pageSize, string type, int longest)
    {
        EmulatedCuda.Require();
        using var memory = new DeviceMemory();
        var lengths = longest > 1 ? new[] { longest, 1, longest / 2 + 1 } : [1];
        var scene = new Scene(memory, headDim, group, pageSize, type, lengths);
        var rows = Enumerable.Range(0, lengths.Length).ToArray();
        const int splitKeys = 256;
        var splits = (int)BitOperations.RoundUpToPowerOf2((uint)((longest + splitKeys - 1) / splitKeys));
        var positions = memory.Put(lengths.Select(length => length - 1).ToArray());
        ulong target = memory.New(lengths.Length * scene.Width * 4), partial = memory.New((long)lengths.Length * scene.Heads * splits * (headDim + 2) * 4);
        var (rowsAt, count) = (memory.Put(rows), memory.Put(rows.Length));
        string[] definitions = ["ACT=float", $"KVT={type}", $"HEAD_DIM={headDim}", $"GROUP={group}"];
        // One block more than there are queries, as a recorded step may have.
        memory.Launch.With(target).With(partial).With(scene.QueriesAt).With(rowsAt).With(count).With(positions).With(scene.StartsAt).With(scene.PagesAt)
            .With(scene.Layer).With(scene.Width).With(scene.Scale).With(splitKeys)
            .Run(memory.Kernel("attention_decode.cu", "attention_decode", definitions), rows.Length + 1, scene.KvHeads, splits, 128);
        memory.Launch.With(target).With(partial).With(rowsAt).With(count).With(positions).With(scene.Heads).With(splits).With(splitKeys)
            .Run(memory.Kernel("attention_decode.cu", "attention_join", definitions), rows.Length + 1, scene.Heads, 1, 128);

        var actual = memory.Get<float>(target, lengths.Length * scene.Width);
        for (var row = 0; row < lengths.Length; row++)
            Near.Equal(scene.Expected(row, row, lengths[row]), actual[(row * scene.Width)..((row + 1) * scene.Width)], 3e-5f, $"row {row}");
    }

    [SkippableTheory]
    [InlineData(64, 1, 16, "bf16", 0, 130)]
    [InlineData(80, 2, 64, "f16", 37, 40)]
    [InlineData(96, 3, 16, "bf16", 64, 65)]
    [InlineData(128, 4, 64, "bf16", 100, 33)]
    [InlineData(64, 5, 16, "f16", 4060, 14)]
    [InlineData(80, 6, 64, "bf16", 0, 21)]
    [InlineData(96, 7, 16, "f16", 1, 20)]
    [InlineData(128, 8, 64, "bf16", 255, 9)]
    [InlineData(80, 4, 16, "f8", 37, 40)]
    public void Chunks_of_prompts_see_what_is_before_each_token(int headDim, int group, int pageSize, string type, int before, int tokens)
    {
        EmulatedCuda.Require();
        using var memory = new DeviceMemory();
        var length = before + tokens;
        var scene = new Scene(memory, headDim, group, pageSize, type, Enumerable.Repeat(length, tokens).ToArray());
        var tileTokens = 64 / group;
        var tiles = Enumerable.Range(0, (tokens + tileTokens - 1) / tileTokens)
            .SelectMany(i => new[] { 0, i * tileTokens, Math.Min(tileTokens, tokens - i * tileTokens), before + i * tileTokens }).ToArray();
        var target = memory.New(tokens * scene.Width * 4);
        var kernel = memory.Kernel("attention_prefill.cu", "attention_prefill", "ACT=float", $"KVT={type}", $"HEAD_DIM={headDim}", $"GROUP={group}");
        var sharedBytes = 5 * 64 * (headDim + 8) * 2;
        kernel.MaxDynamicSharedSizeBytes = sharedBytes;
        memory.Launch.With(target).With(scene.QueriesAt).With(memory.Put(tiles)).With(scene.StartsAt).With(scene.PagesAt).With(scene.Layer).With(scene.Width).With(scene.Scale)
            .Run(kernel, tiles.Length / 4, scene.KvHeads, 1, 128, sharedBytes);

        var actual = memory.Get<float>(target, tokens * scene.Width);
        for (var row = 0; row < tokens; row++)
            Near.Equal(scene.Expected(row, 0, before + row + 1), actual[(row * scene.Width)..((row + 1) * scene.Width)], Near.Tolerance(type == "f8" ? "f16" : type) / 2, $"row {row}");
    }

    /// <summary>Sequences with random keys and values in pages in no order, and a random query for each row.</summary>
    private sealed class Scene
    {
        private readonly int _headDim, _group, _pageSize;
        private readonly float[] _queries, _pool;
        private readonly int[] _pages, _starts;

        public Scene(DeviceMemory memory, int headDim, int group, int pageSize, string type, int[] lengths)
        {
            (_headDim, _group, _pageSize) = (headDim, group, pageSize);
            var random = new Random(headDim * group + lengths[0]);
            var needed = Array.ConvertAll(lengths, length => (length + pageSize - 1) / pageSize);
            // Rows of one prompt are one sequence.
            var isPrompt = lengths.Length > 1 && lengths.Distinct().Count() == 1;
            if (isPrompt) Array.Fill(needed, 0, 1, needed.Length - 1);
            _starts = [.. needed.Select((_, i) => isPrompt ? 0 : needed.Take(i).Sum())];
            _pages = [.. Enumerable.Range(0, needed.Sum())];
            random.Shuffle(_pages);
            Width = Heads * headDim;
            _queries = DeviceMemory.Random(random, lengths.Length * Width, 2);
            _pool = DeviceMemory.Rounded(type, DeviceMemory.Random(random, _pages.Length * 2 * Plane));
            (QueriesAt, StartsAt, PagesAt) = (memory.Put(_queries), memory.Put(_starts), memory.Put(_pages));
            Layer = new KvLayerArgument(memory.PutAs(type, _pool), 2 * Plane, Plane, BitOperations.Log2((uint)pageSize), KvHeads);
        }

        public int KvHeads => 2;

        public int Heads => KvHeads * _group;

        public int Width { get; }

        public float Scale => 1 / MathF.Sqrt(_headDim);

        public ulong QueriesAt { get; }

        public ulong StartsAt { get; }

        public ulong PagesAt { get; }

        public KvLayerArgument Layer { get; }

        private int Plane => _pageSize * KvHeads * _headDim;

        public float[] Expected(int row, int sequence, int keys)
        {
            var result = new float[Width];
            for (var head = 0; head < Heads; head++)
            {
                var query = _queries.AsSpan(row * Width + head * _headDim, _headDim);
                var scores = new double[keys];
                for (var i = 0; i < keys; i++) scores[i] = Dot(query, _pool.AsSpan(At(sequence, i, head / _group), _headDim)) * Scale;
                var largest = scores.Max();
                var sum = 0.0;
                var output = new double[_headDim];
                for (var i = 0; i < keys; i++)
                {
                    var weight = Math.Exp(scores[i] - largest);
                    sum += weight;
                    var value = _pool.AsSpan(At(sequence, i, head / _group) + Plane, _headDim);
                    for (var e = 0; e < _headDim; e++) output[e] += weight * value[e];
                }

                for (var e = 0; e < _headDim; e++) result[head * _headDim + e] = (float)(output[e] / sum);
            }

            return result;
        }

        private int At(int sequence, int position, int head) =>
            _pages[_starts[sequence] + position / _pageSize] * 2 * Plane + (position % _pageSize * KvHeads + head) * _headDim;

        private static double Dot(ReadOnlySpan<float> a, ReadOnlySpan<float> b)
        {
            var sum = 0.0;
            for (var i = 0; i < a.Length; i++) sum += (double)a[i] * b[i];
            return sum;
        }
    }
}
