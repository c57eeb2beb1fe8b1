using ActorInference.Cache.Traces;

namespace ActorInference.Host.Benchmarks.Replay;

/// <summary>Prompts for a trace's requests: the same tokens wherever the same block is, and never the same elsewhere but by chance.</summary>
internal static class ReplayPrompts
{
    public static int[] Prompt(TraceRequest request, ReplayOptions options)
    {
        var whole = request.Blocks.Length * options.BlockTokens;
        var length = Math.Clamp((int)Math.Round(request.InputTokens * options.Scale), Math.Min(1, whole), whole);
        var prompt = new int[Math.Max(1, length)];
        for (var i = 0; i < prompt.Length; i++)
        {
            var block = request.Blocks.Length == 0 ? 0 : request.Blocks[i / options.BlockTokens];
            prompt[i] = Token(block, i % options.BlockTokens, options.Vocabulary);
        }

        return prompt;
    }

    public static int OutputLength(TraceRequest request, ReplayOptions options) => Math.Max(1, (int)Math.Round(request.OutputTokens * options.Scale));

    /// <summary>
    /// Of an infinite cache with pages of this size that gets the prompts one after another: of each prompt, the pages that an
    /// earlier one began with.
    /// </summary>
    public static double IdealHitRate(IEnumerable<int[]> prompts, int pageSize)
    {
        var (cached, all) = (0L, 0L);
        var known = new HashSet<(ulong, int)>();
        foreach (var prompt in prompts)
        {
            var (hash, found, isPrefix) = (14695981039346656037UL, 0, true);
            for (var page = 0; (page + 1) * pageSize <= prompt.Length; page++)
            {
                // FNV-1a over the tokens so far (Fowler, Noll, Vo).
                foreach (var token in prompt.AsSpan(page * pageSize, pageSize)) hash = (hash ^ (uint)token) * 1099511628211UL;
                isPrefix &= !known.Add((hash, page));
                // The last token is computed in any case.
                if (isPrefix && (page + 1) * pageSize < prompt.Length) found += pageSize;
            }

            cached += found;
            all += prompt.Length;
        }

        return all == 0 ? 0 : (double)cached / all;
    }

    /// <summary>A number of the block's and its place, spread by SplitMix64 (Steele et al., 2014).</summary>
    private static int Token(int block, int place, int vocabulary)
    {
        var mixed = ((ulong)(uint)block << 32 | (uint)place) + 0x9E3779B97F4A7C15;
        mixed = (mixed ^ mixed >> 30) * 0xBF58476D1CE4E5B9;
        mixed = (mixed ^ mixed >> 27) * 0x94D049BB133111EB;
        return 1 + (int)((mixed ^ mixed >> 31) % (ulong)(vocabulary - 1));
    }
}
