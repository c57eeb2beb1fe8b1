namespace ActorInference.Roles.Prefixes;

/// <summary>
/// A set of <see cref="Actors.Kv.PrefixName"/>s, each with a number, under which whoever uses it keeps what it knows of the name. Numbers are small, and those of names that
/// are gone are given again, the last one first: what comes together lies together.
/// </summary>
/// <remarks>
/// Open addressing with linear probing and without tombstones. A name's place is the upper part of its product with a secret odd number (multiply-shift hashing,
/// Dietzfelbinger et al., 1997): prompts are the users' to choose, and so are their names, but not where these lie. Nothing else depends on the secret. A look-up among a
/// million names is a miss of the processor's cache; <see cref="Warm"/> lets those of several names go on at once.
/// </remarks>
/// <param name="secret">Default: random.</param>
public sealed class NameTable(ulong? secret = null)
{
    /// <summary>Number of a name that is not there.</summary>
    public const int None = -1;

    /// <summary>Names to <see cref="Warm"/> at a time: more misses than the processor follows at once, and few enough to stay in its nearest cache.</summary>
    public const int WarmNames = 16;

    private const int FirstBits = 6;
    private const ulong Upper = 0xFFFF_FFFF_0000_0000;

    private readonly ulong _factor = (secret ?? (ulong)Random.Shared.NextInt64(long.MinValue, long.MaxValue)) | 1;
    private ulong[] _cells = new ulong[1 << FirstBits];   // The upper half of the product above, the name's number + 1 below; 0 is empty.
    private int _shift = 64 - FirstBits;
    private ulong[] _names = new ulong[1 << (FirstBits - 1)];   // By number; of one that is free, the next free one.
    private int _free = None;
    private int _end;
    private ulong _warmed;

    public int Count { get; private set; }

    /// <summary>Every number is below it.</summary>
    public int Capacity => _names.Length;

    public ulong Name(int number) => _names[number];

    /// <summary>Brings names' places near. It changes no answer.</summary>
    public void Warm(ReadOnlySpan<ulong> names)
    {
        // Loads that do not depend on each other: the processor waits for all together. The sum is kept so that they are not left out.
        var cells = _cells;
        var sum = 0UL;
        foreach (var name in names) sum += cells[(int)(name * _factor >> _shift)];
        Volatile.Write(ref _warmed, sum);
    }

    /// <summary>In a loop that goes up through names: warms the next ones whenever it is time to.</summary>
    /// <param name="i">The loop's.</param>
    public void WarmUp(ReadOnlySpan<ulong> names, int i)
    {
        if (i % WarmNames == 0) Warm(names.Slice(i, Math.Min(WarmNames, names.Length - i)));
    }

    /// <summary>The same in a loop that goes down.</summary>
    /// <returns>Names that were warmed.</returns>
    public int WarmDown(ReadOnlySpan<ulong> names, int i)
    {
        if (i != names.Length - 1 && (i + 1) % WarmNames != 0) return 0;
        var first = i / WarmNames * WarmNames;
        Warm(names[first..(i + 1)]);
        return i + 1 - first;
    }

    /// <returns>The name's number, or <see cref="None"/>.</returns>
    public int Find(ulong name)
    {
        var key = name * _factor & Upper;
        var cells = _cells;
        for (var i = (int)(key >> _shift); ; i = (i + 1) & (cells.Length - 1))
        {
            var cell = cells[i];
            if (cell == 0) return None;
            if ((cell & Upper) == key && _names[NumberOf(cell)] == name) return NumberOf(cell);
        }
    }

    /// <summary>Takes a name in, if it is not there.</summary>
    /// <param name="isNew">Whether it was not.</param>
    /// <returns>Its number.</returns>
    public int Add(ulong name, out bool isNew)
    {
        var key = name * _factor & Upper;
        var cells = _cells;
        for (var i = (int)(key >> _shift); ; i = (i + 1) & (cells.Length - 1))
        {
            var cell = cells[i];
            if (cell == 0)
            {
                isNew = true;
                return AddAt(i, key, name);
            }

            if ((cell & Upper) != key || _names[NumberOf(cell)] != name) continue;
            isNew = false;
            return NumberOf(cell);
        }
    }

    /// <summary>Gives up a name that is there.</summary>
    /// <param name="number">The name's.</param>
    public void Remove(int number)
    {
        var cells = _cells;
        var mask = cells.Length - 1;
        var wanted = _names[number] * _factor & Upper | (uint)(number + 1);
        var hole = (int)(wanted >> _shift);
        while (cells[hole] != wanted) hole = (hole + 1) & mask;
        cells[hole] = 0;
        Count--;
        _names[number] = (ulong)(uint)_free;
        _free = number;

        // Entries after the hole move up as far as their own place allows, so that a probe never meets a gap too early.
        for (var i = (hole + 1) & mask; cells[i] != 0; i = (i + 1) & mask)
        {
            var home = (int)(cells[i] >> _shift);
            if (((i - home) & mask) < ((i - hole) & mask)) continue;
            cells[hole] = cells[i];
            cells[i] = 0;
            hole = i;
        }
    }

    public void Clear()
    {
        Array.Clear(_cells);
        (_free, _end, Count) = (None, 0, 0);
    }

    /// <exception cref="InvalidOperationException">Its parts do not agree.</exception>
    public void CheckInvariants()
    {
        var free = 0;
        for (var i = _free; i != None; i = (int)(uint)_names[i]) free++;
        var seen = 0;
        foreach (var cell in _cells)
        {
            if (cell == 0) continue;
            seen++;
            if (Find(_names[NumberOf(cell)]) != NumberOf(cell)) throw new InvalidOperationException($"The name table does not find name {NumberOf(cell)}.");
        }

        if (seen != Count || free + Count != _end) throw new InvalidOperationException($"The name table has {Count} names, {seen} cells, and {free} of {_end} numbers free.");
    }

    private static int NumberOf(ulong cell) => (int)(uint)cell - 1;

    private int AddAt(int place, ulong key, ulong name)
    {
        var number = TakeNumber();
        _names[number] = name;
        _cells[place] = key | (uint)(number + 1);
        if (++Count * 2 > _cells.Length) Grow();
        return number;
    }

    private int TakeNumber()
    {
        if (_free != None)
        {
            var number = _free;
            _free = (int)(uint)_names[number];
            return number;
        }

        if (_end == _names.Length) Array.Resize(ref _names, 2 * _names.Length);
        return _end++;
    }

    /// <summary>A place is the upper part of a product, so entries keep their order, and this is one pass over both tables.</summary>
    private void Grow()
    {
        var old = _cells;
        _cells = new ulong[2 * old.Length];
        _shift--;
        var mask = _cells.Length - 1;
        foreach (var cell in old)
        {
            if (cell == 0) continue;
            var i = (int)(cell >> _shift);
            while (_cells[i] != 0) i = (i + 1) & mask;
            _cells[i] = cell;
        }
    }
}
