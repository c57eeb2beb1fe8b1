using ActorInference.Actors.Kv;
using ActorInference.Gpu.Engine;
using ActorInference.Gpu.Ranks;

namespace ActorInference.Gpu.Tests.Ranks;

public sealed class RankGroupTests
{
    private const int Floats = 40;

    [SkippableTheory]
    [InlineData(2, 101)]
    [InlineData(3, 102)]
    [InlineData(4, 103)]
    public unsafe void Every_rank_reads_what_all_wrote_in_every_exchange(int ranks, int seed)
    {
        RankThreads.Require();
        const int rounds = 1500;
        using var first = RankGroup.Create(ranks, Floats, RankThreads.Patience);
        var groups = Enumerable.Range(0, ranks).Select(rank => rank == 0 ? first : RankGroup.Join(first.Path, rank, ranks, Floats, RankThreads.Patience)).ToArray();
        var wrong = new int[ranks];

        Together(ranks, rank =>
        {
            var pace = new Random(seed * 100 + rank);
            for (var round = 0; round < rounds; round++)
            {
                var mine = groups[rank].Mine;
                for (var i = 0; i < Floats; i++) mine[i] = Number(seed, round, rank, i);
                Thread.SpinWait(pace.Next(8) == 0 ? pace.Next(4000) : 0);
                groups[rank].Exchange();
                for (var other = 0; other < ranks; other++)
                {
                    var theirs = groups[rank].Of(other);
                    for (var i = 0; i < Floats; i++) wrong[rank] += theirs[i] == Number(seed, round, other, i) ? 0 : 1;
                }
            }
        });

        Assert.True(wrong.All(count => count == 0), $"Seed {seed}: {string.Join(", ", wrong)} numbers were wrong.");
        foreach (var group in groups.Skip(1)) group.Dispose();
    }

    [SkippableTheory]
    [InlineData(2, 201)]
    [InlineData(3, 202)]
    public void Steps_arrive_whole_and_in_order_however_long_they_are(int ranks, int seed)
    {
        RankThreads.Require();
        var layout = new KvPageLayout(1, 16, 1, 2, KvDtype.F32);
        using var first = RankGroup.Create(ranks, Floats, RankThreads.Patience);
        var steps = Steps(seed, count: 120);
        var wrong = new List<string>();

        Together(ranks, rank =>
        {
            if (rank == 0)
            {
                var writer = new StepWriter(first, layout, RankThreads.Patience);
                foreach (var step in steps) writer.Write(step);
                return;
            }

            using var group = RankGroup.Join(first.Path, rank, ranks, Floats, RankThreads.Patience);
            var (reader, read) = (new StepReader(group), new ForwardBatch());
            foreach (var step in steps)
            {
                reader.Read(read);
                if (!AreSame(step, read, layout)) lock (wrong) wrong.Add($"rank {rank} read another step");
            }
        });

        Assert.True(wrong.Count == 0, $"Seed {seed}: {string.Join("; ", wrong)}.");
    }

    [SkippableFact]
    public async Task Whoever_waits_is_told_at_once_that_a_rank_has_failed()
    {
        RankThreads.Require();
        using var first = RankGroup.Create(2, Floats, RankThreads.Patience);
        using var second = RankGroup.Join(first.Path, 1, 2, Floats, RankThreads.Patience);
        var waiting = Task.Factory.StartNew(first.Exchange, TaskCreationOptions.LongRunning);

        first.Fail(new RankFailedException(1, "Rank 1 has ended."));

        var failure = await Assert.ThrowsAsync<RankFailedException>(() => waiting.WaitAsync(RankThreads.Patience));
        Assert.Equal((1, "Rank 1 has ended."), (failure.Rank, failure.Message));
        Assert.Throws<OperationCanceledException>(second.ThrowIfEnded);
        Assert.Throws<RankFailedException>(first.ThrowIfEnded);
    }

    [SkippableFact]
    public unsafe void A_rank_that_does_not_answer_is_named_after_the_deadline()
    {
        RankThreads.Require();
        using var first = RankGroup.Create(3, Floats, TimeSpan.FromMilliseconds(100));
        using var second = RankGroup.Join(first.Path, 1, 3, Floats, RankThreads.Patience);
        // It has come to the exchange, and the third has not.
        *second.Memory.Arrived(1) = 1;

        var failure = Assert.Throws<RankFailedException>(first.Exchange);

        Assert.Equal((2, "Rank 2 has not answered within 0.1 s."), (failure.Rank, failure.Message));
        Assert.Same(failure, Assert.Throws<RankFailedException>(first.ThrowIfEnded));
    }

    [SkippableFact]
    public async Task A_group_that_ends_lets_the_others_go()
    {
        RankThreads.Require();
        using var first = RankGroup.Create(2, Floats, RankThreads.Patience);
        using var second = RankGroup.Join(first.Path, 1, 2, Floats, RankThreads.Patience);
        var waiting = Task.Factory.StartNew(() => new StepReader(second).Read(new ForwardBatch()), TaskCreationOptions.LongRunning);

        first.Stop();

        await Assert.ThrowsAsync<OperationCanceledException>(() => waiting.WaitAsync(RankThreads.Patience));
        Assert.True(second.IsStopping);
    }

    [SkippableFact]
    public void Memory_of_other_ranks_is_refused()
    {
        RankThreads.Require();
        using var first = RankGroup.Create(2, Floats, RankThreads.Patience);

        Assert.Throws<IOException>(() => RankGroup.Join(first.Path, 1, 3, Floats, RankThreads.Patience));
        Assert.Throws<IOException>(() => RankGroup.Join(first.Path, 1, 2, Floats + 1, RankThreads.Patience));
        Assert.Throws<IOException>(() => RankGroup.Join(first.Path, 1, 2, Floats + 4096, RankThreads.Patience));
    }

    [SkippableFact]
    public void Nothing_is_left_of_a_group()
    {
        RankThreads.Require();
        string path;
        using (var first = RankGroup.Create(2, Floats, RankThreads.Patience))
        {
            path = first.Path;
            using var second = RankGroup.Join(path, 1, 2, Floats, RankThreads.Patience);
            Assert.True(File.Exists(path));
            Assert.False(SharedSegment.RemoveIfAbandoned(path));
        }

        Assert.False(File.Exists(path));
    }

    private static float Number(int seed, int round, int rank, int index) => HashCode.Combine(seed, round, rank, index) % 100_000;

    private static void Together(int ranks, Action<int> run)
    {
        var failures = new Exception?[ranks];
        var threads = Enumerable.Range(0, ranks).Select(rank => new Thread(() =>
        {
            try
            {
                run(rank);
            }
            catch (Exception failure)
            {
                failures[rank] = failure;
            }
        }) { IsBackground = true }).ToList();
        threads.ForEach(thread => thread.Start());
        // Each exchange has its own deadline; so many of them take their time where other programs have the processors.
        threads.ForEach(thread => Assert.True(thread.Join(TimeSpan.FromMinutes(5)), "A rank has not ended."));
        Assert.All(failures, Assert.Null);
    }

    private static List<ForwardBatch> Steps(int seed, int count)
    {
        var random = new Random(seed);
        var steps = new List<ForwardBatch>();
        for (var i = 0; i < count; i++)
        {
            var step = new ForwardBatch();
            var longest = i % 20 == 19 ? 60_000 : 600;
            for (var sequence = random.Next(1, 6); sequence > 0; sequence--)
            {
                var tokens = Enumerable.Range(0, random.Next(1, 300)).Select(_ => random.Next()).ToArray();
                var pages = Enumerable.Range(0, random.Next(40, longest)).Select(_ => random.Next()).ToArray();
                step.Add(tokens, random.Next(0, pages.Length * 16 - tokens.Length), pages, random.Next(tokens.Length + 1));
            }

            steps.Add(step);
        }

        return steps;
    }

    /// <summary>Pages after those that the step's tokens need do not travel.</summary>
    private static bool AreSame(ForwardBatch told, ForwardBatch read, KvPageLayout layout)
    {
        if (told.Count != read.Count || !told.AllTokens.SequenceEqual(read.AllTokens)) return false;
        for (var i = 0; i < told.Count; i++)
        {
            var pages = told.Pages(i)[..layout.PagesFor(told.FirstPosition(i) + told.Tokens(i).Length)];
            if (!pages.SequenceEqual(read.Pages(i)) || told.FirstPosition(i) != read.FirstPosition(i)) return false;
            if (told.LogitCount(i) != read.LogitCount(i) || told.Tokens(i).Length != read.Tokens(i).Length) return false;
        }

        return true;
    }
}
