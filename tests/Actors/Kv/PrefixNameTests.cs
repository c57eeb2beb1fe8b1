using ActorInference.Actors.Kv;

namespace ActorInference.Actors.Tests.Kv;

public sealed class PrefixNameTests
{
    [Fact]
    public void Names_are_the_same_in_every_process_and_version()
    {
        Assert.Equal(0x9E3779B97F4A7C15, PrefixName.Begin(null));
        Assert.Equal(0x0F209B7D967EC89CUL, PrefixName.Begin("tenant"));
        Assert.Equal(0xF65C081C750FD332, PrefixName.After(PrefixName.Begin(null), [0, 1, 2, int.MaxValue]));
        Assert.Equal(0xBB96B5B4F85A7EC5, PrefixName.After(PrefixName.Begin(null), [-1]));
        Assert.Equal(0x9D2EB1E6604F7CD6, PrefixName.After(PrefixName.Begin("tenant"), [.. Enumerable.Range(0, 16)]));
    }

    [Fact]
    public void A_name_does_not_depend_on_where_it_was_divided()
    {
        int[] tokens = [.. Enumerable.Range(3, 50)];
        var whole = PrefixName.After(PrefixName.Begin("s"), tokens);

        for (var i = 0; i <= tokens.Length; i++)
        {
            Assert.Equal(whole, PrefixName.After(PrefixName.After(PrefixName.Begin("s"), tokens.AsSpan(0, i)), tokens.AsSpan(i)));
        }
    }
}
