using System.Collections.Immutable;
using System.Text;

namespace ActorInference.Gpu.Constraints;

/// <summary>A set of Unicode scalar values: sorted, disjoint, inclusive ranges. Immutable.</summary>
internal sealed class CodePointSet
{
    private const int Last = 0x10FFFF;
    private const int FirstSurrogate = 0xD800;
    private const int LastSurrogate = 0xDFFF;

    private CodePointSet(ImmutableArray<(int Low, int High)> ranges) => Ranges = ranges;

    /// <summary>Everything that UTF-8 can write.</summary>
    public static CodePointSet All { get; } = Of((0, Last));

    public ImmutableArray<(int Low, int High)> Ranges { get; }

    public bool IsEmpty => Ranges.IsEmpty;

    public static CodePointSet Single(int codePoint) => Of((codePoint, codePoint));

    /// <param name="ranges">In any order; they may overlap. Surrogates are left out.</param>
    public static CodePointSet Of(params IEnumerable<(int Low, int High)> ranges)
    {
        var joined = ImmutableArray.CreateBuilder<(int Low, int High)>();
        foreach (var (low, high) in ranges.SelectMany(WithoutSurrogates).Order())
        {
            if (joined.Count > 0 && low <= joined[^1].High + 1) joined[^1] = (joined[^1].Low, Math.Max(joined[^1].High, high));
            else joined.Add((low, high));
        }

        return new CodePointSet(joined.ToImmutable());
    }

    public CodePointSet Union(CodePointSet other) => Of(Ranges.Concat(other.Ranges));

    public CodePointSet Complement()
    {
        var rest = new List<(int, int)>();
        var next = 0;
        foreach (var (low, high) in Ranges)
        {
            if (low > next) rest.Add((next, low - 1));
            next = high + 1;
        }

        if (next <= Last) rest.Add((next, Last));
        return Of(rest);
    }

    public CodePointSet Intersect(CodePointSet other) => Complement().Union(other.Complement()).Complement();

    public bool Contains(int codePoint) => Ranges.Any(range => range.Low <= codePoint && codePoint <= range.High);

    /// <summary>
    /// The set as sequences of byte ranges, 1 to 4 long, any byte of each in turn: what UTF-8 writes for its members, no more.
    /// </summary>
    /// <remarks>The splitting of Russ Cox's RE2: where a range of continuation bytes is not whole it is cut off.</remarks>
    public IEnumerable<(byte Low, byte High)[]> Utf8() => Ranges.SelectMany(static range => Utf8(range.Low, range.High));

    private static IEnumerable<(byte Low, byte High)[]> Utf8(int low, int high)
    {
        foreach (var longest in (int[])[0x7F, 0x7FF, 0xFFFF])
        {
            if (low <= longest && high > longest) return Utf8(low, longest).Concat(Utf8(longest + 1, high));
        }

        for (var bits = 6; bits < 6 * new Rune(low).Utf8SequenceLength; bits += 6)
        {
            var mask = (1 << bits) - 1;
            if ((low & ~mask) == (high & ~mask)) continue;
            if ((low & mask) != 0) return Utf8(low, low | mask).Concat(Utf8((low | mask) + 1, high));
            if ((high & mask) != mask) return Utf8(low, (high & ~mask) - 1).Concat(Utf8(high & ~mask, high));
        }

        Span<byte> first = stackalloc byte[4], last = stackalloc byte[4];
        var length = new Rune(low).EncodeToUtf8(first);
        new Rune(high).EncodeToUtf8(last);
        var sequence = new (byte, byte)[length];
        for (var i = 0; i < length; i++) sequence[i] = (first[i], last[i]);
        return [sequence];
    }

    private static IEnumerable<(int Low, int High)> WithoutSurrogates((int Low, int High) range)
    {
        if (range.Low < FirstSurrogate) yield return (range.Low, Math.Min(range.High, FirstSurrogate - 1));
        if (range.High > LastSurrogate) yield return (Math.Max(range.Low, LastSurrogate + 1), range.High);
    }
}
