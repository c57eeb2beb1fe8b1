namespace ActorInference.Gpu.Tokenization;

/// <summary>Memory that splitting by a pattern works in.</summary>
internal sealed class SplitScratch
{
    private char[] _flat = [];
    private int[] _offsets = [];

    /// <summary>Stretches of a piece, and whether the pattern matches them.</summary>
    public List<(int Start, int End, bool Match)> Ranges { get; } = [];

    /// <summary>The text with stand-ins, as <see cref="UnicodePattern.Flatten"/> makes it. Valid until the next call.</summary>
    public ReadOnlySpan<char> Flatten(ReadOnlySpan<char> text, out ReadOnlySpan<int> offsets)
    {
        if (_flat.Length < text.Length)
        {
            _flat = new char[text.Length * 2];
            _offsets = new int[(text.Length * 2) + 1];
        }

        var count = UnicodePattern.Flatten(text, _flat, _offsets);
        offsets = _offsets.AsSpan(0, count + 1);
        return _flat.AsSpan(0, count);
    }
}
