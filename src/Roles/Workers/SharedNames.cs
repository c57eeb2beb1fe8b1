using ActorInference.Roles.Prefixes;

namespace ActorInference.Roles.Workers;

/// <summary>Names of blocks that end within pages. Pages that begin alike have them in common, so they are counted.</summary>
internal sealed class SharedNames
{
    /// <summary>No name has come or gone.</summary>
    public const int None = NameTable.None;

    private readonly NameTable _table = new();
    private int[] _counts = new int[64];   // By number of the name.
    private int[] _numbers = new int[64];   // By end.

    /// <summary>A block ends in a page that has come.</summary>
    /// <param name="end">A number that no other end of a block within a page has at the time.</param>
    /// <returns>The name's number if it was not there, or <see cref="None"/>.</returns>
    public int Add(int end, ulong name)
    {
        var number = _table.Add(name, out var isNew);
        if (number >= _counts.Length) Array.Resize(ref _counts, _table.Capacity);
        if (end >= _numbers.Length) Array.Resize(ref _numbers, Math.Max(end + 1, 2 * _numbers.Length));
        _counts[number] = isNew ? 1 : _counts[number] + 1;
        _numbers[end] = number;
        return isNew ? number : None;
    }

    /// <summary>The page has gone.</summary>
    /// <returns>The number that the name had if it is there no longer, or <see cref="None"/>.</returns>
    public int Remove(int end)
    {
        var number = _numbers[end];
        if (--_counts[number] > 0) return None;
        _table.Remove(number);
        return number;
    }

    public void Clear() => _table.Clear();

    /// <inheritdoc cref="NameTable.CheckInvariants"/>
    public void CheckInvariants() => _table.CheckInvariants();
}
