using ActorInference.Actors.Kv;
using ActorInference.Gpu.Cpu;
using ActorInference.Gpu.Engine;
using ActorInference.Gpu.Kv;
using ActorInference.Gpu.Models;

namespace ActorInference.Gpu.Tests.Cpu;

/// <summary>Paged attention of every width against softmax in double precision, over head sizes, groups, page sizes and KV types.</summary>
public sealed unsafe class AttentionTests
{
    public static TheoryData<SimdLevel, int, int, int, KvDtype> Cases()
    {
        var cases = new TheoryData<SimdLevel, int, int, int, KvDtype>();
        foreach (var simd in Enum.GetValues<SimdLevel>())
        {
            var group = 1;
            foreach (var headDim in new[] { 2, 8, 20, 64, 80, 96, 128, 256 })
            {
                foreach (var dtype in CpuModelRunner.KvDtypes)
                {
                    cases.Add(simd, headDim, group, new[] { 1, 16, 64 }[group % 3], dtype);
                    group = group % 8 + 1;
                }
            }
        }

        return cases;
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Attention_matches_double_precision(SimdLevel simd, int headDim, int group, int pageSize, KvDtype dtype)
    {
        using var setting = new Setting(simd, headDim, kvHeads: 2, group, pageSize, dtype);

        setting.AssertMatches([(0, 1), (0, 40), (63, 1), (64, 2), (130, 1), (100, 33), (199, 1)]);
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Sequences_that_share_pages_get_the_bits_that_each_gets_alone(SimdLevel simd, int headDim, int group, int pageSize, KvDtype dtype)
    {
        using var setting = new Setting(simd, headDim, kvHeads: 2, group, pageSize, dtype);

        // Two that share 192 tokens, two with half of that, one chunk, and one that shares nothing.
        setting.AssertSharedIsAlone([(199, 1, 192), (192, 1, 192), (150, 3, 128), (199, 1, 130), (192, 4, 192), (199, 1, 0)]);
    }

    [Theory]
    [InlineData(7)]
    [InlineData(100)]
    public void A_window_that_hides_shared_pages_from_somebody_changes_no_bit(int window)
    {
        using var setting = new Setting(SimdLevel.Bits256, headDim: 20, kvHeads: 2, group: 3, pageSize: 16, KvDtype.F32, window);

        setting.AssertSharedIsAlone([(199, 1, 192), (192, 1, 192), (150, 3, 128)]);
    }

    public static TheoryData<SimdLevel, int, int, KvDtype, int?> LongCases()
    {
        var cases = new TheoryData<SimdLevel, int, int, KvDtype, int?>();
        foreach (var dtype in CpuModelRunner.KvDtypes)
        {
            cases.Add(SimdLevel.Bits128, 1, 7, dtype, null);
            cases.Add(SimdLevel.Bits256, 1, 4, dtype, 700);
            cases.Add(SimdLevel.Bits256, 2, 1, dtype, null);
            cases.Add(SimdLevel.Bits512, 1, 8, dtype, 40);
        }

        return cases;
    }

    [Theory]
    [MemberData(nameof(LongCases))]
    public void A_long_sequence_split_between_threads_matches_double_precision_and_what_one_thread_computes(SimdLevel simd, int kvHeads, int group, KvDtype dtype, int? window)
    {
        using var setting = new Setting(simd, headDim: 20, kvHeads, group, pageSize: 16, dtype, window, contextTokens: 2100, sequences: 1);

        foreach (var (first, tokens) in new[] { (511, 1), (512, 1), (1023, 2), (1500, 1), (2090, 10) }) setting.AssertThreadsAgree(first, tokens);
    }

    [Fact]
    public void Parts_of_a_sequence_are_dealt_out_without_gap_where_it_is_most_of_the_work()
    {
        var config = ModelShape.Custom(layers: 1, hidden: 8, heads: 4, kvHeads: 2, headDim: 8, ffn: 8, vocab: 300).Config;
        var layout = new KvPageLayout(1, 16, 2, 8, KvDtype.F32);
        using var pool = new KvPagePool(layout, layout.PagesFor(5000));
        var batch = new ForwardBatch();
        foreach (var first in new[] { 100, 4900, 30 }) batch.Add(new int[1], first, [.. Enumerable.Range(0, layout.PagesFor(5000))], wantLogits: false);
        var plan = new StepPlan(batch.TokenCount, AttentionWork.TileTokens(config));
        plan.Set(batch, pool);
        using var splits = new AttentionSplits(plan, config, threads: 4, outputColumns: 16);

        splits.Set(window: 100_000, parallel: true);

        var pieces = Enumerable.Range(0, splits.PieceCount).Select(i => splits[i]).ToList();
        Assert.Equal(1, splits.SplitCount);
        Assert.Equal([0, 2], pieces.Where(piece => piece.SplitIndex < 0).Select(piece => piece.Group).Order());
        var parts = pieces.Where(piece => piece.SplitIndex == 0).OrderBy(piece => piece.FirstKey).ToList();
        Assert.True(parts.Count >= 4, $"{parts.Count} pieces.");
        Assert.Equal((0, 4901), (parts[0].FirstKey, parts[^1].EndKey));
        Assert.Equal(parts.Skip(1).Select(piece => piece.FirstKey), parts.SkipLast(1).Select(piece => piece.EndKey));
        Assert.All(parts, piece => Assert.Equal(0, piece.FirstKey % AttentionSplits.PartKeys));

        splits.Set(window: 100_000, parallel: false);
        Assert.Equal((3, 0), (splits.PieceCount, splits.SplitCount));
    }

    /// <summary>Pages full of random keys and values, and queries for some chunks of sequences that use them.</summary>
    private sealed class Setting : IDisposable
    {
        private readonly ModelConfig _config;
        private readonly KvPagePool _pool;
        private readonly KernelTable _kernels;
        private readonly ComputeThreads _threads = new(2);
        private readonly Random _random = new(17);
        private readonly int _pages;

        public Setting(SimdLevel simd, int headDim, int kvHeads, int group, int pageSize, KvDtype dtype, int? window = null, int contextTokens = 200, int sequences = 8)
        {
            _kernels = KernelTable.For(simd);
            _config = ModelShape.Custom(layers: 2, hidden: 8, heads: kvHeads * group, kvHeads, headDim, ffn: 8, vocab: 300).Config with { SlidingWindow = window };
            var layout = new KvPageLayout(2, pageSize, kvHeads, headDim, dtype);
            _pages = layout.PagesFor(contextTokens);
            _pool = new KvPagePool(layout, sequences * _pages);
            FillPool();
        }

        public void AssertMatches((int FirstPosition, int Tokens)[] chunks)
        {
            var batch = new ForwardBatch();
            var order = Enumerable.Range(0, _pool.CapacityPages).ToArray();
            _random.Shuffle(order);
            for (var i = 0; i < chunks.Length; i++)
                batch.Add(new int[chunks[i].Tokens], chunks[i].FirstPosition, order.AsSpan(i * _pages, _pages), wantLogits: false);
            var plan = new StepPlan(batch.TokenCount, AttentionWork.TileTokens(_config));
            plan.Set(batch, _pool);
            var query = Enumerable.Range(0, batch.TokenCount * _config.QuerySize).Select(_ => 4 * _random.NextSingle() - 2).ToArray();
            var actual = new float[query.Length];
            using var attention = new AttentionWork(_kernels, ModelShard.Whole(_config), _pool, plan, _threads.Count);
            fixed (float* q = query, y = actual) attention.Run(_threads, 1, q, _config.QuerySize, y, _config.QuerySize);

            for (var sequence = 0; sequence < batch.Count; sequence++)
            {
                for (var token = 0; token < batch.Tokens(sequence).Length; token++)
                    AssertToken(batch, sequence, token, query, actual);
            }
        }

        /// <param name="chunks">Each with the tokens that its pages have in common with the first one's.</param>
        public void AssertSharedIsAlone((int FirstPosition, int Tokens, int Shared)[] chunks)
        {
            var batch = new ForwardBatch();
            for (var i = 0; i < chunks.Length; i++)
            {
                var shared = chunks[i].Shared / _pool.Layout.PageSizeTokens;
                batch.Add(new int[chunks[i].Tokens], chunks[i].FirstPosition, [.. Enumerable.Range(0, _pages).Select(page => page < shared ? page : i * _pages + page)], wantLogits: false);
            }

            var query = Enumerable.Range(0, batch.TokenCount * _config.QuerySize).Select(_ => 4 * _random.NextSingle() - 2).ToArray();
            var (together, groups) = Attend(batch, query, leastGroups: 1);
            var (alone, most) = Attend(batch, query, leastGroups: 0);

            Assert.Equal(alone, together);
            Assert.True(groups < most, $"{groups} groups of {most} tiles.");
        }

        public void AssertThreadsAgree(int firstPosition, int tokens)
        {
            var batch = new ForwardBatch();
            batch.Add(new int[tokens], firstPosition, [.. Enumerable.Range(0, _pages)], wantLogits: false);
            var query = Enumerable.Range(0, batch.TokenCount * _config.QuerySize).Select(_ => 4 * _random.NextSingle() - 2).ToArray();
            using var one = new ComputeThreads(1);
            using var three = new ComputeThreads(3);
            var alone = Attend(batch, query, leastGroups: 0, one).Attended;

            Assert.Equal(alone, Attend(batch, query, leastGroups: 0, _threads).Attended);
            Assert.Equal(alone, Attend(batch, query, leastGroups: 0, three).Attended);
            for (var token = 0; token < tokens; token++) AssertToken(batch, 0, token, query, alone);
        }

        private (float[] Attended, int Groups) Attend(ForwardBatch batch, float[] query, int leastGroups, ComputeThreads? threads = null)
        {
            var plan = new StepPlan(batch.TokenCount, AttentionWork.TileTokens(_config), leastGroups);
            plan.Set(batch, _pool);
            var attended = new float[query.Length];
            using var attention = new AttentionWork(_kernels, ModelShard.Whole(_config), _pool, plan, (threads ?? _threads).Count);
            fixed (float* q = query, y = attended) attention.Run(threads ?? _threads, 1, q, _config.QuerySize, y, _config.QuerySize);
            return (attended, plan.GroupCount);
        }

        public void Dispose()
        {
            _threads.Dispose();
            _pool.Dispose();
        }

        private void AssertToken(ForwardBatch batch, int sequence, int token, float[] query, float[] actual)
        {
            var dim = _config.HeadDim;
            for (var head = 0; head < _config.Heads; head++)
            {
                var start = (batch.FirstToken(sequence) + token) * _config.QuerySize + head * dim;
                var expected = Attend(query.AsSpan(start, dim), batch.Pages(sequence), batch.FirstPosition(sequence) + token + 1, head * _config.KvHeads / _config.Heads);
                for (var i = 0; i < dim; i++)
                {
                    Assert.True(Math.Abs(expected[i] - actual[start + i]) <= 1e-4,
                        $"Sequence {sequence}, token {token}, head {head}, element {i} is {actual[start + i]}; expected {expected[i]}.");
                }
            }
        }

        private double[] Attend(ReadOnlySpan<float> query, ReadOnlySpan<int> pages, int keys, int kvHead)
        {
            var scores = new double[keys];
            var hidden = Math.Max(0, keys - (_config.WindowOf(1) ?? keys));
            Array.Fill(scores, double.NegativeInfinity, 0, hidden);
            for (var key = hidden; key < keys; key++)
            {
                scores[key] = 0;
                for (var i = 0; i < query.Length; i++) scores[key] += query[i] * (double)Element(pages, key, kvHead, i, values: false);
                scores[key] /= Math.Sqrt(query.Length);
            }

            var largest = scores.Max();
            var sum = scores.Sum(score => Math.Exp(score - largest));
            var output = new double[query.Length];
            for (var key = hidden; key < keys; key++)
            {
                for (var i = 0; i < output.Length; i++)
                    output[i] += Math.Exp(scores[key] - largest) / sum * Element(pages, key, kvHead, i, values: true);
            }

            return output;
        }

        private float Element(ReadOnlySpan<int> pages, int position, int head, int i, bool values)
        {
            var layout = _pool.Layout;
            var page = pages[position / layout.PageSizeTokens];
            var index = (position % layout.PageSizeTokens * layout.KvHeads + head) * layout.HeadDim + i;
            var plane = values ? _pool.Values(page, 1) : _pool.Keys(page, 1);
            return layout.Dtype switch
            {
                KvDtype.F32 => ((float*)plane)[index],
                KvDtype.Q8_0 => Q8(plane + index / layout.HeadDim * layout.HeadBytes, i),
                KvDtype.F16 => (float)BitConverter.UInt16BitsToHalf(((ushort*)plane)[index]),
                _ => BitConverter.UInt32BitsToSingle((uint)((ushort*)plane)[index] << 16),
            };
        }

        /// <summary>Blocks of 32 elements after their scale, as the format of pages says.</summary>
        private static float Q8(byte* head, int i)
        {
            var block = head + i / 32 * 34;
            return (float)BitConverter.UInt16BitsToHalf(*(ushort*)block) * ((sbyte*)block)[2 + i % 32];
        }

        private void FillPool()
        {
            var layout = _pool.Layout;
            var numbers = new float[layout.TokenElements * layout.PageSizeTokens];
            for (var page = 0; page < _pool.CapacityPages; page++)
            {
                for (var plane = 0; plane < 2 * layout.Layers; plane++)
                {
                    foreach (ref var number in numbers.AsSpan()) number = 4 * _random.NextSingle() - 2;
                    fixed (float* source = numbers)
                        KvElements.Store(layout, source, _pool.Address(page) + plane * layout.PlaneBytes, 0, layout.PageSizeTokens * layout.KvHeads);
                }
            }
        }
    }
}
