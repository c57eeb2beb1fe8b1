using ActorInference.Cache.Radix.Eviction;
using ActorInference.Cache.Tests.Radix;
using ActorInference.Cache.Traces;

namespace ActorInference.Cache.Tests.Traces;

public sealed class TraceReplayTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void A_cache_that_holds_everything_finds_just_the_blocks_that_were_seen_before(int seed)
    {
        var trace = Trace(seed, requests: 400);
        var seen = new HashSet<int>();
        var shared = trace.Sum(request =>
        {
            var known = request.Blocks.TakeWhile(seen.Contains).Count();
            seen.UnionWith(request.Blocks);
            return known;
        });

        foreach (var policy in EvictionPolicies.Names)
        {
            var result = TraceReplay.Run(trace, policy, seen.Count);
            Assert.True(result.FoundBlocks == shared, $"seed {seed}, {policy}: {result.FoundBlocks} found, {shared} shared");
            Assert.Equal(trace.Sum(request => request.Blocks.Length), result.AskedBlocks);
            Assert.Equal((double)shared / result.AskedBlocks, result.HitRate);
        }
    }

    [Theory]
    [InlineData("lru", 10)]
    [InlineData("lru", 60)]
    [InlineData("lfu", 10)]
    [InlineData("lfu", 60)]
    [InlineData("slru", 40)]
    public void A_small_cache_finds_what_the_naive_one_finds(string policy, int blocks)
    {
        var trace = Trace(seed: 7, requests: 300);
        var naive = new NaiveCache(pageSize: 1, blocks, policy);
        var found = 0;
        foreach (var request in trace)
        {
            var hold = naive.Match("trace", [.. request.Blocks, -1], priority: 0);
            found += hold.Path.Count;
            int[] missing = request.Blocks[hold.Path.Count..];
            naive.Extend(hold, missing, missing);
            naive.Unlock(hold);
        }

        var result = TraceReplay.Run(trace, policy, EvictionPolicies.Create(policy), blocks);

        Assert.InRange(found, 1, result.AskedBlocks - 1);
        Assert.Equal(found, result.FoundBlocks);
    }

    [Fact]
    public void A_trace_is_read_line_by_line()
    {
        using var file = new TempFile("""
            {"timestamp": 0, "input_length": 600, "output_length": 5, "hash_ids": [0, 1]}

            {"timestamp": 3000, "input_length": 10, "output_length": 1, "hash_ids": []}
            """);

        var trace = TraceReader.Read(file.Path).ToArray();

        Assert.Equal(2, trace.Length);
        Assert.Equal((0L, 600, 5), (trace[0].TimestampMs, trace[0].InputTokens, trace[0].OutputTokens));
        Assert.Equal([0, 1], trace[0].Blocks);
        Assert.Equal(3000, trace[1].TimestampMs);
    }

    [Theory]
    [InlineData("""{"timestamp": 0, "input_length": 1, "output_length": 1}""", "hash_ids must be an array")]
    [InlineData("""{"timestamp": 0, "input_length": 1, "output_length": 1, "hash_ids": [1, -2]}""", "holds -2")]
    [InlineData("""{"timestamp": "x", "input_length": 1, "output_length": 1, "hash_ids": []}""", "timestamp is \"x\"")]
    [InlineData("""{"input_length": 1, "output_length": 1, "hash_ids": []}""", "timestamp is missing")]
    [InlineData("[1]", "expected a JSON object")]
    [InlineData("{", "not valid JSON")]
    public void A_line_at_fault_is_named_with_its_field(string line, string fault)
    {
        using var file = new TempFile("\n" + line);

        var error = Assert.Throws<InvalidDataException>(() => TraceReader.Read(file.Path).ToArray());

        Assert.Contains($"{file.Path}, line 2", error.Message);
        Assert.Contains(fault, error.Message);
    }

    /// <summary>Conversations that grow by turns, as in a chat. A block id stands for all before it too.</summary>
    private static List<TraceRequest> Trace(int seed, int requests)
    {
        var random = new Random(seed);
        var (next, conversations, trace) = (0, new List<int[]>(), new List<TraceRequest>());
        for (var i = 0; i < requests; i++)
        {
            int[] blocks = [];
            if (conversations.Count > 0 && random.Next(3) > 0) blocks = conversations[random.Next(conversations.Count)];
            blocks = [.. blocks.Take(random.Next(blocks.Length + 1)), .. Enumerable.Range(next, random.Next(1, 6))];
            next += 6;
            conversations.Add(blocks);
            trace.Add(new TraceRequest(1000L * i, 512 * blocks.Length, 10, blocks));
        }

        return trace;
    }

    private sealed class TempFile : IDisposable
    {
        public TempFile(string content) => File.WriteAllText(Path, content);

        public string Path { get; } = System.IO.Path.Combine(System.IO.Path.GetTempPath(), System.IO.Path.GetRandomFileName());

        public void Dispose() => File.Delete(Path);
    }
}
