using ActorInference.Gpu.Engine;
using ActorInference.Gpu.Kv;

namespace ActorInference.Gpu.Tests.Cpu;

/// <summary>The plain loops that tests drive a runner with, on whatever device.</summary>
internal abstract class RunnerLoops
{
    private readonly ForwardBatch _batch = new();

    public KvPagePool Pool => Driven.Pages;

    protected abstract IModelRunner Driven { get; }

    /// <summary>Pages for a sequence of so many tokens, in no particular order.</summary>
    public int[] Allocate(int tokens)
    {
        var pages = new int[Pool.Layout.PagesFor(tokens)];
        Assert.True(Pool.TryAllocate(pages));
        new Random(7).Shuffle(pages);
        return pages;
    }

    /// <summary>Logits after a whole prompt, computed chunk by chunk.</summary>
    public float[] Prefill(ReadOnlySpan<int> prompt, int[] pages, int chunk)
    {
        for (var first = 0; first < prompt.Length; first += chunk)
        {
            var count = Math.Min(chunk, prompt.Length - first);
            _batch.Clear();
            _batch.Add(prompt.Slice(first, count), first, pages, wantLogits: first + count == prompt.Length);
            Driven.Forward(_batch);
        }

        return Driven.Logits(0).ToArray();
    }

    /// <summary>Greedy continuations of prompts that run together: each step takes a chunk of every prompt that isn't done, and one token of every other.</summary>
    public List<int>[] Greedy(int[][] prompts, int[] newTokens, int chunk)
    {
        var sequences = prompts.Select(p => p.ToList()).ToArray();
        var pages = prompts.Select((p, i) => Allocate(p.Length + newTokens[i])).ToArray();
        var done = new int[prompts.Length];
        while (true)
        {
            _batch.Clear();
            var members = new List<int>();
            for (var i = 0; i < prompts.Length; i++)
            {
                if (sequences[i].Count == prompts[i].Length + newTokens[i]) continue;
                var count = Math.Min(chunk, sequences[i].Count - done[i]);
                var tokens = sequences[i].Slice(done[i], count).ToArray();
                _batch.Add(tokens, done[i], pages[i], wantLogits: done[i] + count == sequences[i].Count);
                done[i] += count;
                members.Add(i);
            }

            if (members.Count == 0) break;
            Driven.Forward(_batch);
            for (var index = 0; index < members.Count; index++)
            {
                var i = members[index];
                if (done[i] == sequences[i].Count) sequences[i].Add(ArgMax(Driven.Logits(index)));
            }
        }

        foreach (var held in pages) Pool.Release(held);
        return [.. sequences.Select((s, i) => s.Skip(prompts[i].Length).ToList())];
    }

    public static int ArgMax(ReadOnlySpan<float> logits)
    {
        var best = 0;
        for (var i = 1; i < logits.Length; i++)
        {
            if (logits[i] > logits[best]) best = i;
        }

        return best;
    }
}
