using System.Diagnostics;
using ActorInference.Actors.Ids;
using ActorInference.Roles.Router;

namespace ActorInference.Bench.Cache;

/// <summary>
/// What a router does with its full index of prefixes for a prompt of 256 blocks: who has how much of it, and a note that two workers have it now (<c>assign</c>); and what it
/// does when a worker tells of as many blocks that have come and as many that are gone (<c>learn</c>).
/// </summary>
internal static class RouterIndexBenchmark
{
    private const int PromptBlocks = 256;
    private const int Requests = 256;
    private static readonly WorkerId[] Workers = [.. Enumerable.Range(0, 8).Select(static i => new WorkerId($"worker-{i}"))];

    public static IEnumerable<Measurement> Run(int rounds) => new[] { 1 << 18, 1 << 20 }.SelectMany(capacity => Run(capacity, rounds));

    private static IEnumerable<Measurement> Run(int capacity, int rounds)
    {
        var random = new Random(3);
        var index = new PrefixIndex(capacity);
        var prompts = new ulong[capacity / PromptBlocks][];
        for (var i = 0; i < prompts.Length; i++) Assign(index, prompts[i] = Names(random, PromptBlocks), i);
        foreach (var (name, share) in new[] { ("found", 1.0), ("half_found", 0.5), ("new", 0.0) })
        {
            yield return Measure($"router_index_{capacity}_assign_{name}", rounds, () =>
            {
                var asked = Ask(random, prompts, (int)(PromptBlocks * share));
                return () =>
                {
                    for (var i = 0; i < asked.Length; i++) Assign(index, asked[i], i);
                };
            });
        }

        yield return Measure($"router_index_{capacity}_learn", rounds, () =>
        {
            var (gone, come) = (Ask(random, prompts, PromptBlocks), Ask(random, prompts, 0));
            return () =>
            {
                for (var i = 0; i < come.Length; i++)
                {
                    index.Deny(Workers[i % Workers.Length], gone[i]);
                    index.Confirm(Workers[i % Workers.Length], come[i]);
                }
            };
        });
    }

    private static void Assign(PrefixIndex index, ulong[] blocks, int number)
    {
        var holders = index.Match(blocks);
        var (prefill, decode) = (Workers[number % Workers.Length], Workers[(number + 1) % Workers.Length]);
        if (holders.BlocksOf(prefill) > blocks.Length) throw new InvalidOperationException("The index has found more than there is.");
        index.Hold(prefill, blocks);
        index.Hold(decode, blocks);
    }

    private static Measurement Measure(string name, int rounds, Func<Action> prepare)
    {
        var times = new double[rounds];
        for (var round = -3; round < rounds; round++)
        {
            var work = prepare();
            var started = Stopwatch.GetTimestamp();
            work();
            if (round >= 0) times[round] = Stopwatch.GetElapsedTime(started).TotalMicroseconds / Requests;
        }

        return Measurement.Of(name, "us", times, smallerIsBetter: true);
    }

    /// <summary>Prompts that begin as known ones do, and go on otherwise. They take the place of the old ones.</summary>
    private static ulong[][] Ask(Random random, ulong[][] prompts, int sharedBlocks)
    {
        var asked = new ulong[Requests][];
        var first = random.Next(prompts.Length - Requests);
        for (var i = 0; i < Requests; i++)
        {
            ulong[] known = prompts[first + i];
            asked[i] = [.. known[..sharedBlocks], .. Names(random, PromptBlocks - sharedBlocks)];
            prompts[first + i] = asked[i];
        }

        return asked;
    }

    private static ulong[] Names(Random random, int count)
    {
        var names = new ulong[count];
        for (var i = 0; i < count; i++) names[i] = (ulong)random.NextInt64(long.MinValue, long.MaxValue);
        return names;
    }
}
