using System.Diagnostics;
using System.Numerics;
using System.Runtime.InteropServices;
using ActorInference.Gpu.Ranks;

namespace ActorInference.Gpu.Benchmarks;

/// <summary>What exchanges of a size take.</summary>
/// <param name="Floats">Numbers of each rank.</param>
/// <param name="MicrosecondsP50">Median of an exchange with its sum.</param>
/// <param name="MicrosecondsP99">What 99 % of them keep.</param>
/// <param name="Wrong">Sums that were not what they had to be, at any rank; 0.</param>
public sealed record RankBenchmarkResult(int Floats, double MicrosecondsP50, double MicrosecondsP99, long Wrong);

/// <summary>Sums over ranks in shared memory, measured and checked: each rank is a process, and all run the same rounds.</summary>
public static unsafe class RankBenchmark
{
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(1);

    /// <summary>Measures as rank 0.</summary>
    /// <param name="ranks">2 to <see cref="Models.ModelShard.MaxRanks"/>.</param>
    /// <param name="sizes">Numbers of an exchange, one result for each.</param>
    /// <param name="rounds">Exchanges of each size.</param>
    /// <param name="program">How another rank is started, given its number and the path of the group; it calls <see cref="RunPeer"/>.</param>
    public static IReadOnlyList<RankBenchmarkResult> Run(int ranks, IReadOnlyList<int> sizes, int rounds, Func<int, string, ProcessStartInfo> program)
    {
        using var group = RankGroup.Create(ranks, sizes.Max(), Deadline);
        using var others = new RankProcesses(group, rank => program(rank, group.Path));
        group.AwaitReady(Deadline);
        return [.. sizes.Select(size => Measure(group, size, rounds))];
    }

    /// <summary>Takes part as another rank, with the same sizes and rounds.</summary>
    public static void RunPeer(string path, int rank, int ranks, IReadOnlyList<int> sizes, int rounds)
    {
        using var group = RankGroup.Join(path, rank, ranks, sizes.Max(), Deadline);
        group.MarkReady();
        foreach (var size in sizes) Measure(group, size, rounds);
    }

    private static RankBenchmarkResult Measure(RankGroup group, int floats, int rounds)
    {
        var times = new double[rounds];
        var sum = new float[floats];
        long wrong = 0;
        for (var round = 0; round < rounds; round++)
        {
            var mine = new Span<float>(group.Mine, floats);
            for (var i = 0; i < floats; i++) mine[i] = Number(round, group.Rank, i);
            var started = Stopwatch.GetTimestamp();
            group.Exchange();
            Array.Clear(sum);
            for (var rank = 0; rank < group.Ranks; rank++) Add(new ReadOnlySpan<float>(group.Of(rank), floats), sum);
            times[round] = Stopwatch.GetElapsedTime(started).TotalMicroseconds;
            for (var i = 0; i < floats; i++) wrong += sum[i] == Expected(round, group.Ranks, i) ? 0 : 1;
        }

        Array.Sort(times);
        return new RankBenchmarkResult(floats, times[rounds / 2], times[(int)(0.99 * (rounds - 1))], WrongOfAll(group, wrong));
    }

    private static long WrongOfAll(RankGroup group, long wrong)
    {
        *group.Mine = wrong;
        group.Exchange();
        return (long)Enumerable.Range(0, group.Ranks).Sum(rank => *group.Of(rank));
    }

    private static void Add(ReadOnlySpan<float> numbers, Span<float> sum)
    {
        var from = MemoryMarshal.Cast<float, Vector<float>>(numbers);
        var to = MemoryMarshal.Cast<float, Vector<float>>(sum);
        for (var i = 0; i < to.Length; i++) to[i] += from[i];
        for (var i = to.Length * Vector<float>.Count; i < sum.Length; i++) sum[i] += numbers[i];
    }

    /// <summary>Whole numbers, whose sums are exact.</summary>
    private static float Number(int round, int rank, int index) => (round + 3 * index) % 1021 + 7 * rank;

    private static float Expected(int round, int ranks, int index) => ranks * ((round + 3 * index) % 1021) + 7 * (ranks * (ranks - 1) / 2);
}
