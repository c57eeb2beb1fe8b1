using System.Text;

namespace ActorInference.Gpu.Tests.Tokenization;

/// <summary>
/// Texts that are hard on a tokenizer. Characters come from blocks that have long been assigned; U+0085 and U+FEFF are left
/// out, since JavaScript's \s disagrees with Unicode about them.
/// </summary>
internal sealed class RandomText(int seed, string[] specials)
{
    private static readonly (int First, int Last)[] Letters =
    [
        ('a', 'z'), ('a', 'z'), ('A', 'Z'), (0xC0, 0xD6), (0xE0, 0xF6), (0x100, 0x17E), (0x3B1, 0x3C9), (0x410, 0x44F), (0x531, 0x556),
        (0x5D0, 0x5EA), (0x627, 0x64A), (0x905, 0x939), (0xE01, 0xE30), (0x10D0, 0x10F0), (0x1200, 0x1248), (0x1E00, 0x1EFF), (0x3041, 0x3096),
        (0x30A1, 0x30FA), (0x4E00, 0x9FA5), (0xAC00, 0xD7A3), (0x1100, 0x1112), (0x1161, 0x1175), (0xF900, 0xFA6D), (0x10400, 0x1044F),
        (0x1D400, 0x1D454), (0x20000, 0x2A6D6), (0x2F800, 0x2FA1D),
    ];

    private static readonly (int First, int Last)[] Digits =
        [('0', '9'), ('0', '9'), ('0', '9'), (0x660, 0x669), (0x966, 0x96F), (0x2160, 0x2182), (0xB2, 0xB3), (0x2460, 0x2473), (0x1D7CE, 0x1D7FF), (0xFF10, 0xFF19)];

    private static readonly (int First, int Last)[] Signs =
    [
        ('!', '/'), (':', '@'), ('[', '`'), ('{', '~'), (0xA1, 0xA9), (0x2010, 0x2027), (0x20A0, 0x20B9), (0x2190, 0x21FF), (0x2200, 0x22FF),
        (0x3001, 0x3003), (0x1F000, 0x1F02B), (0x1F600, 0x1F64F), (0x1F300, 0x1F320), (0x2600, 0x26FF), (0x10100, 0x10102),
    ];

    private static readonly (int First, int Last)[] Marks = [(0x300, 0x36F), (0x5B0, 0x5BD), (0x64B, 0x652), (0x93E, 0x94D), (0x20D0, 0x20DC), (0xE31, 0xE3A), (0x1D165, 0x1D169)];

    private static readonly (int First, int Last)[] Controls = [(0, 8), (0xE, 0x1F), (0x7F, 0x84), (0x86, 0x9F), (0x200B, 0x200F), (0xE000, 0xE010), (0xE0020, 0xE0030)];

    private static readonly string[] Spaces = [" ", " ", " ", "\t", "\u00A0", "\u2003", "\u3000", "\u2028", "\v", "\f", "\u202F"];

    private static readonly string[] Breaks = ["\n", "\r\n", "\r", "\n\n", "\r\n\r\n", " \n", "\n "];

    private static readonly string[] Contractions = ["'s", "'t", "'re", "'ve", "'m", "'ll", "'d", "'S", "'T", "'Re", "'LL", "'x", "’s", "''s"];

    private static readonly string[] Emoji =
        ["👍🏽", "👩‍👩‍👧‍👦", "🏳️‍🌈", "🇩🇪🇫🇷", "❤️‍🔥", "1️⃣", "🤷🏿‍♀️", "☺︎", "\uFFFD", "🏴󠁧󠁢󠁥󠁮󠁧󠁿"];

    private readonly Random _random = new(seed);

    /// <summary>A text of a few parts; one in sixty has a very long word too.</summary>
    public string Next()
    {
        var text = new StringBuilder();
        for (var parts = _random.Next(1, 25); parts > 0; parts--) AppendPart(text);
        if (_random.Next(60) == 0) AppendRun(text, Letters[_random.Next(Letters.Length)], _random.Next(100, 3000));
        return text.ToString();
    }

    private void AppendPart(StringBuilder text)
    {
        switch (_random.Next(14))
        {
            case < 4: AppendRun(text, Letters[_random.Next(Letters.Length)], _random.Next(1, 12)); break;
            case 4: text.Append(' '); AppendRun(text, ('a', 'z'), _random.Next(1, 9)); break;
            case 5: AppendRun(text, Digits[_random.Next(Digits.Length)], _random.Next(1, 9)); break;
            case 6: AppendRun(text, Signs[_random.Next(Signs.Length)], _random.Next(1, 5)); break;
            case 7: for (var i = _random.Next(1, 6); i > 0; i--) text.Append(Pick(Spaces)); break;
            case 8: for (var i = _random.Next(1, 3); i > 0; i--) text.Append(Pick(Breaks)); break;
            case 9: AppendRun(text, ('A', 'z'), 3); text.Append(Pick(Contractions)); break;
            case 10: text.Append(Pick(Emoji)); break;
            case 11: AppendRun(text, Letters[_random.Next(Letters.Length)], 1); AppendRun(text, Marks[_random.Next(Marks.Length)], _random.Next(1, 6)); break;
            case 12: AppendRun(text, Controls[_random.Next(Controls.Length)], _random.Next(1, 4)); break;
            default: text.Append(Pick(specials)[..^(_random.Next(5) == 0 ? 1 : 0)]); break;
        }
    }

    private void AppendRun(StringBuilder text, (int First, int Last) block, int length)
    {
        for (; length > 0; length--) text.Append(char.ConvertFromUtf32(_random.Next(block.First, block.Last + 1)));
    }

    private string Pick(string[] from) => from[_random.Next(from.Length)];
}
