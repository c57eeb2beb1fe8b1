namespace ActorInference.Roles.Workers;

/// <summary>
/// Names that a cache has, each in a place of its own, in the order in which they came: a linked list through an array, with marks on it, so that whoever knows a version
/// finds what came after it in a short walk. What is told at once lies together, so little of it misses the processor's caches, however much there is.
/// </summary>
internal sealed class HeldNames
{
    /// <summary>After the last name.</summary>
    public const int None = -1;

    /// <summary>Names from one mark to the next at most.</summary>
    private const int Stride = 1024;

    private readonly List<Mark> _marks = [];   // In order; each is on a name.
    private Entry[] _entries = new Entry[64];   // By place.
    private int _oldest = None;
    private int _newest = None;
    private int _sinceMark;   // Names that came after the last mark was set.

    private struct Entry
    {
        public ulong Name;
        public long Version;   // 0 if the place is free.
        public int Older;
        public int Newer;
        public bool IsMarked;
    }

    private readonly record struct Mark(long Version, int Place);

    public int Count { get; private set; }

    public ulong NameAt(int place) => _entries[place].Name;

    /// <summary>With which version a name came.</summary>
    public long VersionAt(int place) => _entries[place].Version;

    /// <summary>Where the name is that came next.</summary>
    public int After(int place) => _entries[place].Newer;

    /// <param name="version">With which it comes: more than that of any other.</param>
    /// <exception cref="InvalidOperationException">The place is taken.</exception>
    public void Add(int place, ulong name, long version)
    {
        if (place >= _entries.Length) Array.Resize(ref _entries, Math.Max(place + 1, 2 * _entries.Length));
        ref var entry = ref _entries[place];
        if (entry.Version != 0) throw new InvalidOperationException($"The name at place {place} has come twice.");
        entry = new Entry { Name = name, Version = version, Older = _newest, Newer = None };
        if (_newest == None) _oldest = place;
        else _entries[_newest].Newer = place;
        _newest = place;
        Count++;
        if (_sinceMark++ % Stride == 0) SetMark(place);
    }

    /// <returns>The name that was there.</returns>
    /// <exception cref="InvalidOperationException">The place is free.</exception>
    public ulong Remove(int place)
    {
        if (place >= _entries.Length || _entries[place].Version == 0) throw new InvalidOperationException($"There is no name at place {place} to go.");
        ref var entry = ref _entries[place];
        if (entry.IsMarked) MoveMark(entry);
        if (entry.Older == None) _oldest = entry.Newer;
        else _entries[entry.Older].Newer = entry.Newer;
        if (entry.Newer == None) _newest = entry.Older;
        else _entries[entry.Newer].Older = entry.Older;
        entry.Version = 0;
        Count--;
        return entry.Name;
    }

    public void Clear()
    {
        Array.Clear(_entries);
        _marks.Clear();
        (_oldest, _newest, _sinceMark, Count) = (None, None, 0, 0);
    }

    /// <returns>Where the first name is that came after a version, or <see cref="None"/>.</returns>
    public int FirstAfter(long version)
    {
        var mark = MarksUpTo(version) - 1;
        var place = mark < 0 ? _oldest : _marks[mark].Place;
        while (place != None && _entries[place].Version <= version) place = _entries[place].Newer;
        return place;
    }

    /// <exception cref="InvalidOperationException">Its parts do not agree.</exception>
    public void CheckInvariants()
    {
        var (count, mark, unmarked, older, version) = (0, 0, 0, None, 0L);
        for (var place = _oldest; place != None; older = place, place = _entries[place].Newer)
        {
            var entry = _entries[place];
            Require(entry.Older == older && entry.Version > version, "one is out of order");
            unmarked = entry.IsMarked ? 0 : unmarked + 1;
            Require(unmarked < Stride, "a mark is missing");
            if (entry.IsMarked) Require(mark < _marks.Count && _marks[mark++] == new Mark(entry.Version, place), "a mark is wrong");
            version = entry.Version;
            count++;
        }

        Require(older == _newest && count == Count && count == _entries.Count(static entry => entry.Version != 0), $"{count} of {Count} are in order");
        Require(mark == _marks.Count, $"{mark} of {_marks.Count} marks are in order");
    }

    private static void Require(bool condition, string what)
    {
        if (!condition) throw new InvalidOperationException($"Of the names that are held {what}.");
    }

    private void SetMark(int place)
    {
        _entries[place].IsMarked = true;
        _marks.Add(new Mark(_entries[place].Version, place));
        if (_marks.Count > 64 + 4 * (Count / Stride)) MarkAnew();
    }

    /// <summary>Of what came long ago few names are left, with a mark for each. A pass over all names; as many as three times those have come since the last one.</summary>
    private void MarkAnew()
    {
        _marks.Clear();
        _sinceMark = 0;
        for (var place = _oldest; place != None; place = _entries[place].Newer)
        {
            ref var entry = ref _entries[place];
            entry.IsMarked = _sinceMark++ % Stride == 0;
            if (entry.IsMarked) _marks.Add(new Mark(entry.Version, place));
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
