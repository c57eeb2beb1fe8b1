using System.Runtime.InteropServices;

namespace ActorInference.Gpu.Tokenization;

/// <summary>A list of short texts, one after the other in one growing array. One caller at a time.</summary>
internal sealed class PieceBuffer
{
    private readonly List<int> _ends = [];
    private char[] _chars = new char[1024];
    private int _used;

    public int Count => _ends.Count;

    public int CapacityChars => _chars.Length;

    public ReadOnlySpan<char> this[int index] => _chars.AsSpan((index == 0 ? 0 : _ends[index - 1]).._ends[index]);

    public void Clear()
    {
        _ends.Clear();
        _used = 0;
    }

    public void Add(ReadOnlySpan<char> piece) => piece.CopyTo(Add(piece.Length));

    public void Add(ReadOnlySpan<char> prefix, ReadOnlySpan<char> rest)
    {
        var piece = Add(prefix.Length + rest.Length);
        prefix.CopyTo(piece);
        rest.CopyTo(piece[prefix.Length..]);
    }

    /// <summary>Adds a piece to be filled in by the caller, before the next call.</summary>
    public Span<char> Add(int length)
    {
        var end = checked(_used + length);
        if (end > _chars.Length) Array.Resize(ref _chars, (int)Math.Min(Array.MaxLength, Math.Max(end, 2L * _chars.Length)));
        var piece = _chars.AsSpan(_used, length);
        _used = end;
        _ends.Add(end);
        return piece;
    }

    /// <summary>Shortens the piece that was added last.</summary>
    public void TrimLast(int length)
    {
        _used -= this[Count - 1].Length - length;
        CollectionsMarshal.AsSpan(_ends)[^1] = _used;
    }
}
