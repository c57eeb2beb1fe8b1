using System.Text;
using ActorInference.Gpu.Tokenization.Unicode;

namespace ActorInference.Gpu.Tests.Tokenization;

/// <summary>Against node's normalization. How an assigned character normalizes is the same in all versions of Unicode.</summary>
public sealed class UnicodeNormalizerTests(ReferenceTokenizers reference) : IClassFixture<ReferenceTokenizers>
{
    private const int Seed = 1515;

    public static TheoryData<NormalizationForm, string> Forms => new()
    {
        { NormalizationForm.FormC, "NFC" }, { NormalizationForm.FormD, "NFD" }, { NormalizationForm.FormKC, "NFKC" }, { NormalizationForm.FormKD, "NFKD" },
    };

    [SkippableTheory]
    [MemberData(nameof(Forms))]
    public async Task Every_character_that_takes_part_normalizes_as_in_the_reference(NormalizationForm form, string name) =>
        await CheckAsync(form, name, [.. Characters().Select(char.ConvertFromUtf32)]);

    [SkippableTheory]
    [MemberData(nameof(Forms))]
    public async Task Random_sequences_normalize_as_in_the_reference(NormalizationForm form, string name)
    {
        var random = new Random(Seed);
        var characters = Characters();
        var combining = characters.Where(c => UnicodeData.Instance.CombiningClass(c) != 0).ToArray();
        var letters = Enumerable.Range('a', 26).ToArray();
        int Pick() => random.Next(4) switch
        {
            0 => characters[random.Next(characters.Length)],
            1 => letters[random.Next(letters.Length)],
            _ => combining[random.Next(combining.Length)],
        };
        await CheckAsync(form, name, [.. Enumerable.Range(0, 3000).Select(_ =>
            string.Concat(Enumerable.Range(0, random.Next(1, 12)).Select(_ => char.ConvertFromUtf32(Pick()))))]);
    }

    [Theory]
    [InlineData(NormalizationForm.FormC, "e\u0301", "\u00E9")]
    [InlineData(NormalizationForm.FormD, "\u00E9", "e\u0301")]
    [InlineData(NormalizationForm.FormC, "\u1100\u1161\u11A8", "\uAC01")]
    [InlineData(NormalizationForm.FormD, "\uAC01", "\u1100\u1161\u11A8")]
    [InlineData(NormalizationForm.FormC, "\u212B \u0958", "\u00C5 \u0915\u093C")]
    [InlineData(NormalizationForm.FormKC, "\uFB01\u2075", "fi5")]
    [InlineData(NormalizationForm.FormC, "a\u0315\u0300\u05AE\u0301b", "\u00E0\u05AE\u0301\u0315b")]
    public void Standard_examples_hold(NormalizationForm form, string text, string expected) =>
        Assert.Equal(expected, new UnicodeNormalizer(form).Normalize(text).ToString());

    [Fact]
    public void A_text_that_is_normal_already_is_returned_as_it_is()
    {
        var text = "Grüße, 世界! Привет 🙂 각";
        Assert.True(new UnicodeNormalizer(NormalizationForm.FormC).Normalize(text) == text.AsSpan());   // The same memory, and not equal text only.
    }

    private static int[] Characters() =>
        [.. UnicodeData.Instance.Characters.Order(), .. Enumerable.Range(0, 400).Select(i => 0xAC00 + (i * 27)), .. Enumerable.Range(0x1100, 256)];

    private async Task CheckAsync(NormalizationForm form, string name, string[] texts)
    {
        var normalizer = new UnicodeNormalizer(form);
        var expected = await reference.AskAsync([.. texts.Select(text => new { form = name, text })]);
        for (var i = 0; i < texts.Length; i++)
        {
            var normalized = normalizer.Normalize(texts[i]).ToString();
            Assert.True(expected[i].GetString() == normalized, $"seed {Seed}, {name} of {Codes(texts[i])} is {Codes(normalized)}, and not {Codes(expected[i].GetString()!)}");
        }
    }

    private static string Codes(string text) => string.Join(" ", text.EnumerateRunes().Select(rune => $"U+{rune.Value:X4}"));
}
