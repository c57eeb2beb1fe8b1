namespace ActorInference.Gpu.Models;

/// <summary>The order that a file has a matrix's rows in.</summary>
/// <param name="InterleavedHead">
/// Rows of a head whose two halves are in turn, for a rotation of neighbours; 0 where rows are as Hugging Face has them, one half after the other.
/// </param>
internal readonly record struct RowOrder(int InterleavedHead)
{
    /// <summary>Where in the file a row is.</summary>
    public int InFile(int row)
    {
        if (InterleavedHead == 0) return row;
        var (head, element) = Math.DivRem(row, InterleavedHead);
        var (half, pair) = Math.DivRem(element, InterleavedHead / 2);
        return head * InterleavedHead + 2 * pair + half;
    }

    /// <summary>Which row is there in the file: the inverse of <see cref="InFile"/>.</summary>
    public int FromFile(int fileRow)
    {
        if (InterleavedHead == 0) return fileRow;
        var (head, element) = Math.DivRem(fileRow, InterleavedHead);
        var (pair, half) = Math.DivRem(element, 2);
        return head * InterleavedHead + half * (InterleavedHead / 2) + pair;
    }
}
