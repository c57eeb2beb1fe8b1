using ActorInference.Gpu.Tokenization;

namespace ActorInference.Gpu.Tests.Tokenization;

/// <summary>Merging, against the definition: the pair of lowest rank first, the leftmost of equals.</summary>
public sealed class BpeMergerTests
{
    [Fact]
    public void Short_and_long_pieces_merge_as_the_definition_says()
    {
        for (var seed = 0; seed < 300; seed++)
        {
            var random = new Random(seed);
            var merges = RandomMerges(random);
            var symbols = Enumerable.Range(0, random.Next(0, 200)).Select(_ => random.Next(4)).ToArray();
            var merger = new BpeMerger();

            merger.Symbols.AddRange(symbols);
            merger.Merge(merges);

            Assert.True(ByDefinition(symbols, merges).SequenceEqual(merger.Symbols), $"seed {seed}");
        }
    }

    [Theory]
    [InlineData('a')]
    [InlineData('Ġ')]
    [InlineData('Ċ')]
    public void A_piece_ten_times_as_long_takes_ten_times_the_work(char letter)
    {
        var (small, large) = (PairsExamined(letter, 10_000), PairsExamined(letter, 100_000));

        Assert.InRange(small, 1, 3 * 10_000);
        Assert.InRange(large, 1, 3 * 100_000);   // Each character is offered once, and each merge offers two more pairs.
    }

    private static long PairsExamined(char letter, int length)
    {
        var file = Path.Combine(ReferenceTokenizers.Root, "models", "demo", "tokenizer.json");
        using var document = TokenizerJson.Open(file);
        var model = BpeModel.Read(new TokenizerJson(file), document.RootElement);
        var (merger, ids) = (new BpeMerger(), new List<int>());

        model.Encode(new string(letter, length), merger, ids);

        Assert.Equal(length, ids.Sum(id => model.Vocabulary.First(entry => entry.Value == id).Key.Length));
        return merger.PairsExamined;
    }

    private static Dictionary<long, BpeMerge> RandomMerges(Random random)
    {
        var merges = new Dictionary<long, BpeMerge>();
        for (var id = 4; id < 24; id++) merges.TryAdd(BpeMerger.Pair(random.Next(id), random.Next(id)), new BpeMerge(id, id));
        return merges;
    }

    private static List<int> ByDefinition(int[] symbols, Dictionary<long, BpeMerge> merges)
    {
        var list = symbols.ToList();
        while (true)
        {
            var candidates = Enumerable.Range(0, Math.Max(0, list.Count - 1))
                .Where(i => merges.ContainsKey(BpeMerger.Pair(list[i], list[i + 1])))
                .ToList();
            if (candidates.Count == 0) return list;
            var best = candidates.MinBy(i => (merges[BpeMerger.Pair(list[i], list[i + 1])].Rank, i));
            list[best] = merges[BpeMerger.Pair(list[best], list[best + 1])].Id;
            list.RemoveAt(best + 1);
        }
    }
}
