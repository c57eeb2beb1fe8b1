using System.Collections.Immutable;
using System.Text;
using ActorInference.Host.Text;

namespace ActorInference.Host.Tests.Text;

public sealed class StopMatcherTests
{
    [Theory]
    [InlineData("one two three", "two", "one ", "two")]
    [InlineData("one two three", "four", "one two three", null)]
    [InlineData("aab", "ab", "a", "ab")]
    [InlineData("stop", "stop", "", "stop")]
    public void Text_ends_before_the_stop_string(string text, string stop, string expected, string? matched)
    {
        var matcher = new StopMatcher([stop]);

        Assert.Equal(expected, matcher.Push(text) + matcher.Flush());
        Assert.Equal(matched, matcher.Matched);
    }

    [Fact]
    public void A_possible_beginning_is_held_back_until_it_is_decided()
    {
        var matcher = new StopMatcher(["END"]);

        Assert.Equal("text ", matcher.Push("text E"));
        Assert.Equal("", matcher.Push("N"));
        Assert.Equal("ENx", matcher.Push("x"));
        Assert.Equal("", matcher.Push("E"));
        Assert.Equal("E", matcher.Flush());
    }

    [Fact]
    public void The_string_that_is_complete_first_wins_and_at_the_same_place_the_longest()
    {
        var shorter = new StopMatcher(["abcd", "bc"]);
        Assert.Equal("a", shorter.Push("abcd"));
        Assert.Equal("bc", shorter.Matched);

        var longest = new StopMatcher(["cd", "bcd", "d"]);
        Assert.Equal("a", longest.Push("abcd"));
        Assert.Equal("bcd", longest.Matched);
    }

    [Fact]
    public void A_kept_stop_string_ends_the_text()
    {
        var matcher = new StopMatcher(["."], keepMatched: true);

        Assert.Equal("One.", matcher.Push("One. Two."));
        Assert.Equal("", matcher.Push("more"));
    }

    /// <summary>However the text is cut, the pieces together are what the whole gives at once, and nothing is sent that is trimmed.</summary>
    [Fact]
    public void Streamed_text_equals_batch_text_for_any_cut()
    {
        var seed = Environment.TickCount;
        var random = new Random(seed);
        for (var round = 0; round < 3000; round++)
        {
            var text = RandomText(random, random.Next(40));
            ImmutableArray<string> stops = [.. Enumerable.Range(0, random.Next(4)).Select(_ => RandomText(random, 1 + random.Next(5)))];
            var keep = random.Next(2) == 0;
            var whole = new StopMatcher(stops, keep);
            var expected = whole.Push(text) + whole.Flush();

            var cut = new StopMatcher(stops, keep);
            var sent = new StringBuilder();
            for (var at = 0; at < text.Length;)
            {
                var length = Math.Min(1 + random.Next(4), text.Length - at);
                sent.Append(cut.Push(text.Substring(at, length)));
                Assert.True(expected.StartsWith(sent.ToString(), StringComparison.Ordinal), $"seed {seed}, round {round}: sent '{sent}' of '{expected}'");
                at += length;
            }

            sent.Append(cut.Flush());
            Assert.True(expected == sent.ToString() && whole.Matched == cut.Matched, $"seed {seed}, round {round}: '{text}' with [{string.Join('|', stops)}] gave '{sent}', not '{expected}'");
            Assert.True(keep || stops.All(stop => !expected.Contains(stop, StringComparison.Ordinal)), $"seed {seed}, round {round}: '{expected}' has a stop string");
        }
    }

    /// <summary>Few letters, so that stop strings begin, fail and overlap often.</summary>
    private static string RandomText(Random random, int length) =>
        string.Create(length, random, (span, source) =>
        {
            for (var i = 0; i < span.Length; i++) span[i] = (char)('a' + source.Next(3));
        });
}
