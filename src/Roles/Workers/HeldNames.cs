using ActorInference.Roles.Prefixes;

namespace ActorInference.Roles.Workers;

/// <summary>
/// Names that a cache has, each as often as it is there, in the order in which they came: a linked list with marks on it, so that whoever knows a version finds what came
/// after it in a short walk.
/// </summary>
internal sealed class HeldNames
{
    /// <summary>After the last name.</summary>
    public const int None = NameTable.None;

    /// <summary>Names from one mark to the next at most.</summary>
    private const int Stride = 1024;

    private readonly NameTable _table = new();
    private readonly List<Mark> _marks = [];   // In order; each is on a name.
    private Entry[] _entries = new Entry[64];
    private int _oldest = None;
    private int _newest = None;
    private int _sinceMark;   // Names that came after the last mark was set.

    private struct Entry
    {
        public long Version;
        public int Count;
        public int Older;
        public int Newer;
        public bool IsMarked;
    }

    private readonly record struct Mark(long Version, int Number);

    /// <summary>Different names.</summary>
    public int Count => _table.Count;

    /// <param name="number">Of a name that is there, as the others take it.</param>
    public ulong NameOf(int number) => _table.Name(number);

    /// <summary>With which version a name came.</summary>
    public long VersionOf(int number) => _entries[number].Version;

    /// <summary>The name that came next.</summary>
    public int After(int number) => _entries[number].Newer;

    public bool Contains(ulong name) => _table.Find(name) != None;

    /// <inheritdoc cref="NameTable.Warm"/>
    public void Warm(ReadOnlySpan<ulong> names) => _table.Warm(names);

    /// <inheritdoc cref="NameTable.WarmUp"/>
    public void WarmUp(ReadOnlySpan<ulong> names, int i) => _table.WarmUp(names, i);

    /// <param name="version">With which it comes, if it was not there: more than that of any other.</param>
    /// <returns>Whether it was not there.</returns>
    public bool Add(ulong name, long version)
    {
        var number = _table.Add(name, out var isNew);
        if (number >= _entries.Length) Array.Resize(ref _entries, _table.Capacity);
        ref var entry = ref _entries[number];
        if (!isNew)
        {
            entry.Count++;
            return false;
        }

        entry = new Entry { Version = version, Count = 1, Older = _newest, Newer = None };
        if (_newest == None) _oldest = number;
        else _entries[_newest].Newer = number;
        _newest = number;
        if (_sinceMark++ % Stride == 0) SetMark(number);
        return true;
    }

    /// <returns>Whether it was there, and is no more.</returns>
    public bool Remove(ulong name)
    {
        var number = _table.Find(name);
        if (number == None || --_entries[number].Count > 0) return false;
        ref var entry = ref _entries[number];
        if (entry.IsMarked) MoveMark(entry);
        if (entry.Older == None) _oldest = entry.Newer;
        else _entries[entry.Older].Newer = entry.Newer;
        if (entry.Newer == None) _newest = entry.Older;
        else _entries[entry.Newer].Older = entry.Older;
        _table.Remove(number);
        return true;
    }

    public void Clear()
    {
        _table.Clear();
        _marks.Clear();
        (_oldest, _newest, _sinceMark) = (None, None, 0);
    }

    /// <returns>The first name that came after a version, or <see cref="None"/>.</returns>
    public int FirstAfter(long version)
    {
        var mark = MarksUpTo(version) - 1;
        var number = mark < 0 ? _oldest : _marks[mark].Number;
        while (number != None && _entries[number].Version <= version) number = _entries[number].Newer;
        return number;
    }

    /// <exception cref="InvalidOperationException">Its parts do not agree.</exception>
    public void CheckInvariants()
    {
        _table.CheckInvariants();
        var (count, mark, unmarked, older, version) = (0, 0, 0, None, 0L);
        for (var number = _oldest; number != None; older = number, number = _entries[number].Newer)
        {
            var entry = _entries[number];
            Require(entry.Older == older && entry.Version > version && entry.Count > 0, $"name {number} is out of order");
            unmarked = entry.IsMarked ? 0 : unmarked + 1;
            Require(unmarked < Stride, "a mark is missing");
            if (entry.IsMarked) Require(mark < _marks.Count && _marks[mark++] == new Mark(entry.Version, number), $"the mark of name {number} is wrong");
            version = entry.Version;
            count++;
        }

        Require(older == _newest && count == Count, $"{count} of {Count} names are in order");
        Require(mark == _marks.Count, $"there are {_marks.Count} marks, and {mark} in order");
    }

    private static void Require(bool condition, string what)
    {
        if (!condition) throw new InvalidOperationException($"Of the names that are held {what}.");
    }

    private void SetMark(int number)
    {
        _entries[number].IsMarked = true;
        _marks.Add(new Mark(_entries[number].Version, number));
        if (_marks.Count > 64 + 4 * (Count / Stride)) MarkAnew();
    }

    /// <summary>Of what came long ago few names are left, with a mark for each. A pass over all names; as many as three times those have come since the last one.</summary>
    private void MarkAnew()
    {
        _marks.Clear();
        _sinceMark = 0;
        for (var number = _oldest; number != None; number = _entries[number].Newer)
        {
            ref var entry = ref _entries[number];
            entry.IsMarked = _sinceMark++ % Stride == 0;
            if (entry.IsMarked) _marks.Add(new Mark(entry.Version, number));
        }
    }

    /// <summary>A name that has a mark goes: the next one gets it, if it has none.</summary>
    private void MoveMark(in Entry gone)
    {
        var mark = MarksUpTo(gone.Version) - 1;
        if (gone.Newer == None || _entries[gone.Newer].IsMarked)
        {
            _marks.RemoveAt(mark);
            if (gone.Newer == None) _sinceMark = 0;
            return;
        }

        _entries[gone.Newer].IsMarked = true;
        _marks[mark] = new Mark(_entries[gone.Newer].Version, gone.Newer);
    }

    /// <returns>How many marks are on names that came with a version or before it.</returns>
    private int MarksUpTo(long version)
    {
        var (from, to) = (0, _marks.Count);
        while (from < to)
        {
            var middle = (from + to) / 2;
            if (_marks[middle].Version <= version) from = middle + 1;
            else to = middle;
        }

        return from;
    }
}
