using System.Text;
using System.Text.RegularExpressions;
using ActorInference.Gpu.Constraints;

namespace ActorInference.Gpu.Tests.Constraints;

public sealed class RegexTests
{
    [Theory]
    [InlineData("abc", "abc", "abcd", "ab", "")]
    [InlineData("a|bc|", "a", "b")]
    [InlineData("", "", "a")]
    [InlineData("a*b+c?", "b", "c")]
    [InlineData("(ab){2,3}", "abab", "ab", "abababab")]
    [InlineData("a{2}", "aa", "a", "aaa")]
    [InlineData("a{2,}", "aaaaa", "a")]
    [InlineData("a{,2}", "a{,2}", "a")]
    [InlineData(@"\d{3}-\w+", "123-a_b", "12-a", "123-")]
    [InlineData("[^a-c]", "d", "b", "dd")]
    [InlineData(@"[\d\-x]", "-", "y")]
    [InlineData("^(yes|no)$", "yes", "yes ")]
    [InlineData("(?:a|(?<name>b))c", "bc", "c")]
    [InlineData("a.c", "aéc", "a\nc")]
    [InlineData("ü+", "üü", "u")]
    [InlineData(@"\u00e4\x41", "äA", "aA")]
    [InlineData(@"\u{1F600}", "😀", "😁")]
    [InlineData(@"\ud83d\ude00", "😀", "😁")]
    [InlineData("(a?)*b", "aab", "aa")]
    [InlineData("((a*)*|b)*c", "aabac", "aabd")]
    public void A_text_matches_as_a_whole(string pattern, string match, params string[] others)
    {
        var texts = Texts.Regex(pattern);

        Assert.True(texts.Admits(match), $"'{pattern}' does not match '{match}'.");
        foreach (var other in others) Assert.False(texts.Admits(other), $"'{pattern}' matches '{other}'.");
    }

    [Theory]
    [InlineData("(a", "the end of the text at character 3")]
    [InlineData("a)", "')' at character 2")]
    [InlineData("*a", "'*' at character 1")]
    [InlineData("[a", "the end of the text")]
    [InlineData("a{3,2}", "{3,2}")]
    [InlineData("[z-a]", "the range z-a")]
    [InlineData("[]", "empty")]
    [InlineData("(?=a)", "a group of a special kind")]
    [InlineData("(?i)a", "a group of a special kind")]
    [InlineData(@"(a)\1", "'\\1'")]
    [InlineData(@"\bword", "'\\b'")]
    [InlineData("a^b", "an anchor")]
    [InlineData("a$b", "an anchor")]
    [InlineData(@"\u12", "the end of the text")]
    [InlineData(@"[^\d\D]", "empty")]
    [InlineData("(a{1000}){1000}", "too large")]
    public void What_is_wrong_or_not_regular_is_refused_with_its_place(string pattern, string message) =>
        Assert.Contains(message, Assert.Throws<ConstraintFormatException>(() => Texts.Regex(pattern)).Message, StringComparison.Ordinal);

    [Fact]
    public void Groups_without_end_within_each_other_are_refused() =>
        Assert.Contains("at most", Assert.Throws<ConstraintFormatException>(() => Texts.Regex(new string('(', 100_000))).Message, StringComparison.Ordinal);

    /// <summary>Random expressions over a small alphabet, against the platform's own.</summary>
    [Fact]
    public void Random_expressions_match_what_they_match_elsewhere()
    {
        var seed = Environment.TickCount;
        var random = new Random(seed);
        for (var round = 0; round < 300; round++)
        {
            var pattern = Expression(random, depth: 4);
            var (texts, expected) = (Texts.Regex(pattern), new Regex($"^(?:{pattern})\\z", RegexOptions.CultureInvariant, TimeSpan.FromSeconds(30)));
            for (var i = 0; i < 40; i++)
            {
                var text = new string([.. Enumerable.Range(0, random.Next(8)).Select(_ => "abcé\n"[random.Next(5)])]);
                Assert.True(expected.IsMatch(text) == texts.Admits(text), $"'{pattern}' on '{text}', seed {seed}.");
            }
        }
    }

    /// <summary>Every sequence of bytes that UTF-8 writes for a member, and no other.</summary>
    [Fact]
    public void A_class_admits_just_its_members_bytes()
    {
        var seed = Environment.TickCount;
        var random = new Random(seed);
        for (var round = 0; round < 20; round++)
        {
            var ranges = Enumerable.Range(0, random.Next(1, 4)).Select(_ => random.Next(0x110000)).Select(low => (low, Math.Min(0x10FFFF, low + random.Next(1 << random.Next(1, 17))))).ToList();
            var set = CodePointSet.Of(ranges);
            if (set.IsEmpty) continue;
            var automaton = new ConstraintAutomaton(GrammarCompiler.Compile(Grammar.Of(new GrammarNode.Character(set))));
            foreach (var codePoint in Enumerable.Range(0, 300).Select(_ => random.Next(0x110000)).Concat(set.Ranges.SelectMany(range => new[] { range.Low - 1, range.Low, range.High, range.High + 1 })))
            {
                if (!Rune.IsValid(codePoint)) continue;
                var bytes = Encoding.UTF8.GetBytes(new Rune(codePoint).ToString());
                Assert.True(automaton.Advance(automaton.Start, bytes).IsComplete == ranges.Any(range => range.low <= codePoint && codePoint <= range.Item2), $"U+{codePoint:X} in {string.Join(' ', ranges)}, seed {seed}.");
            }

            var noise = new byte[random.Next(1, 5)];
            for (var i = 0; i < 300; i++)
            {
                random.NextBytes(noise);
                if (!automaton.Advance(automaton.Start, noise).IsComplete) continue;
                Assert.True(Rune.DecodeFromUtf8(noise, out var rune, out var used) == System.Buffers.OperationStatus.Done && used == noise.Length && set.Contains(rune.Value), $"{Convert.ToHexString(noise)} is admitted, seed {seed}.");
            }
        }
    }

    private static string Expression(Random random, int depth) => (depth == 0 ? 0 : random.Next(8)) switch
    {
        0 => "abcé"[random.Next(4)].ToString(),
        1 => ".",
        2 => "[" + (random.Next(2) == 0 ? "^" : "") + "ab"[random.Next(2)] + "-c]",
        3 => Expression(random, depth - 1) + Expression(random, depth - 1),
        4 => $"({Expression(random, depth - 1)}|{Expression(random, depth - 1)})",
        5 => $"(?:{Expression(random, depth - 1)})" + "*+?"[random.Next(3)],
        6 => $"({Expression(random, depth - 1)}){{{random.Next(2)},{random.Next(2, 4)}}}",
        _ => $"({Expression(random, depth - 1)}|)",
    };
}
