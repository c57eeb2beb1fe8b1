using System.Diagnostics;
using ActorInference.Roles.Workers;

namespace ActorInference.Bench.Cache;

/// <summary>
/// Match, insert and unlock of a 4,096-token prompt while a million pages are cached; each one inserted evicts another. <c>watched</c>: with the journal of names that
/// routers ask, which workers have unless routing by prefix is off.
/// </summary>
internal static class MillionPagesBenchmark
{
    private const int PageSize = 16;
    private const int Pages = 1_000_000;
    private const int PromptTokens = 4096;
    private const int Requests = 512;

    public static IEnumerable<Measurement> Run(int rounds) => 
        new[] { ("lru", false), ("lru", true), ("adaptive", false), ("adaptive", true) }.SelectMany(each => Run(each.Item1, each.Item2, rounds));

    private static IEnumerable<Measurement> Run(string policy, bool isWatched, int rounds)
    {
        var random = new Random(2);
        var journal = new PrefixJournal(PageSize);
        journal.Name(TreeCandidate.Space, null);
        var tree = new TreeCandidate(Pages, PageSize, policy, isWatched ? journal : null);
        var prompts = new int[Pages * PageSize / PromptTokens][];
        for (var i = 0; i < prompts.Length; i++) Serve(tree, prompts[i] = MultiTurnWorkload.Tokens(random, PromptTokens));
        foreach (var (name, share) in new[] { ("found", 1.0), ("half_found", 0.5), ("new", 0.0) })
        {
            var times = new double[rounds];
            for (var round = -1; round < rounds; round++)
            {
                var asked = Ask(random, prompts, (int)(PromptTokens * share));
                var started = Stopwatch.GetTimestamp();
                foreach (var prompt in asked) Serve(tree, prompt);
                if (round >= 0) times[round] = Stopwatch.GetElapsedTime(started).TotalMicroseconds / asked.Length;
            }

            yield return Measurement.Of($"million_pages_4096_tokens_{policy}{(isWatched ? "_watched" : "")}_{name}", "us", times, smallerIsBetter: true);
        }
    }

    /// <summary>Prompts that begin as cached ones do, and go on otherwise. They take the place of the old ones.</summary>
    private static int[][] Ask(Random random, int[][] prompts, int sharedTokens)
    {
        var asked = new int[Requests][];
        var first = random.Next(prompts.Length - Requests);
        for (var i = 0; i < Requests; i++)
        {
            int[] known = prompts[first + i];
            asked[i] = [.. known[..sharedTokens], .. MultiTurnWorkload.Tokens(random, PromptTokens - sharedTokens)];
            prompts[first + i] = asked[i];
        }

        return asked;
    }

    private static void Serve(ICandidate cache, int[] prompt)
    {
        var matched = cache.Match(prompt);
        cache.Extend(prompt, matched);
        cache.Unlock();
    }
}
