using ActorInference.Roles.Router;

namespace ActorInference.Roles.Tests.Router;

public sealed class PrefixBlocksTests
{
    [Fact]
    public void Prompts_share_the_names_of_what_they_begin_with_alike()
    {
        int[] prompt = [.. Enumerable.Range(0, 70)];
        int[] other = [.. prompt];
        other[40]++;

        var (a, b) = (PrefixBlocks.Of(null, prompt, 16), PrefixBlocks.Of(null, other, 16));

        Assert.Equal(4, a.Length);
        Assert.Equal(a.AsSpan(0, 2), b.AsSpan(0, 2));
        Assert.NotEqual(a[2], b[2]);
        Assert.NotEqual(a[3], b[3]);   // It goes on alike, but after something else.
        Assert.Equal(a.AsSpan(0, 1), PrefixBlocks.Of(null, prompt.AsSpan(0, 31), 16).AsSpan());
    }

    [Fact]
    public void Salts_divide()
    {
        int[] prompt = [.. Enumerable.Range(0, 16)];

        var names = new[] { null, "", "a", "b" }.Select(salt => PrefixBlocks.Of(salt, prompt, 16).Single());

        Assert.Equal(4, names.Distinct().Count());
    }

    [Fact]
    public void Without_blocks_nothing_is_named() => Assert.Empty(PrefixBlocks.Of(null, [1, 2, 3], 0));

    [Fact]
    public void Many_blocks_have_as_many_names()
    {
        var random = new Random(5);
        var names = new HashSet<ulong>();
        for (var i = 0; i < 20_000; i++) names.Add(PrefixBlocks.Of(null, [random.Next(4), i, 7, 7], 4).Single());

        Assert.Equal(20_000, names.Count);
    }
}
