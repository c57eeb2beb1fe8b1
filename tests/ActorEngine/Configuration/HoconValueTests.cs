using Akka.Configuration;

namespace ActorInference.ActorEngine.Tests.Configuration;

public sealed class HoconValueTests
{
    [Theory]
    [InlineData("250", 250)]
    [InlineData("10ms", 10)]
    [InlineData("10 millis", 10)]
    [InlineData("5s", 5_000)]
    [InlineData("1.5 s", 1_500)]
    [InlineData("1 second", 1_000)]
    [InlineData("2m", 120_000)]
    [InlineData("10 minutes", 600_000)]
    [InlineData("2h", 7_200_000)]
    [InlineData("3d", 259_200_000)]
    [InlineData("0", 0)]
    public void Durations_have_units(string text, double expectedMilliseconds) =>
        Assert.Equal(TimeSpan.FromMilliseconds(expectedMilliseconds), Of(text).GetTimeSpan("a"));

    [Fact]
    public void A_duration_may_be_infinite_where_that_is_allowed()
    {
        Assert.Equal(Timeout.InfiniteTimeSpan, Of("infinite").GetTimeSpan("a"));
        Assert.ThrowsAny<Exception>(() => Of("infinite").GetTimeSpan("a", null, allowInfinite: false));
    }

    [Theory]
    [InlineData("12", 12)]
    [InlineData("128000b", 128_000)]
    [InlineData("3 bytes", 3)]
    [InlineData("1kB", 1_000)]
    [InlineData("256k", 262_144)]
    [InlineData("1 KiB", 1_024)]
    [InlineData("2MB", 2_000_000)]
    [InlineData("2m", 2_097_152)]
    [InlineData("4 MiB", 4_194_304)]
    [InlineData("1GB", 1_000_000_000)]
    [InlineData("1 GiB", 1_073_741_824)]
    [InlineData("1g", 1_073_741_824)]
    [InlineData("2 TiB", 2_199_023_255_552)]
    public void Sizes_have_units(string text, long expectedBytes) => Assert.Equal(expectedBytes, Of(text).GetByteSize("a"));

    [Theory]
    [InlineData("on", true)]
    [InlineData("true", true)]
    [InlineData("off", false)]
    [InlineData("false", false)]
    public void Truth_has_several_words(string text, bool expected) => Assert.Equal(expected, Of(text).GetBoolean("a", !expected));

    [Fact]
    public void Numbers_are_read_by_the_type_that_is_asked_for()
    {
        Assert.Equal(-5, Of("-5").GetInt("a"));
        Assert.Equal(99_999_999_999, Of("99999999999").GetLong("a"));
        Assert.Equal(1.5, Of("1.5").GetDouble("a"));
        Assert.Equal(1_000, Of("1e3").GetDouble("a"));
        Assert.Equal(0.5f, Of("0.5").GetFloat("a"));
        Assert.Equal(12.34m, Of("12.34").GetDecimal("a"));
        Assert.Equal(7, Of("\"7\"").GetInt("a"));
        Assert.Equal([1L, 2L], Of("[1, 2]").GetLongList("a"));
        Assert.Equal([0.5, 2], Of("[0.5, 2]").GetDoubleList("a"));
        Assert.Equal([true, false], Of("[on, false]").GetBooleanList("a"));
    }

    [Fact]
    public void A_value_of_the_wrong_kind_is_refused_rather_than_guessed()
    {
        Assert.ThrowsAny<Exception>(() => Of("x").GetInt("a"));
        Assert.ThrowsAny<Exception>(() => Of("1.5").GetInt("a"));
        Assert.ThrowsAny<Exception>(() => Of("99999999999").GetInt("a"));
        Assert.ThrowsAny<Exception>(() => Of("x").GetDouble("a"));
        Assert.ThrowsAny<Exception>(() => Of("maybe").GetBoolean("a"));
        Assert.ThrowsAny<Exception>(() => Of("5 parsecs").GetTimeSpan("a"));
        Assert.ThrowsAny<Exception>(() => Of("-1s").GetTimeSpan("a"));
        Assert.ThrowsAny<Exception>(() => Of("5 zz").GetByteSize("a"));
        Assert.ThrowsAny<Exception>(() => Of("[1, x]").GetIntList("a"));
    }

    private static Config Of(string value) => ConfigurationFactory.ParseString($"a = {value}");
}
