namespace ActorInference.Roles.Workers;

/// <summary>The names that a cache gave up last, in order: a ring that grows as far as it is let.</summary>
internal sealed class RemovedNames
{
    private ulong[] _names = new ulong[64];   // Both of a power of two.
    private long[] _versions = new long[64];
    private int _first;

    public int Count { get; private set; }

    /// <summary>What went with this version, or before it, may be forgotten.</summary>
    public long ForgottenUpTo { get; private set; }

    public ulong NameOf(int index) => _names[Place(index)];

    public long VersionOf(int index) => _versions[Place(index)];

    /// <param name="version">More than that of any other.</param>
    /// <param name="most">Names that may be remembered, at least 1.</param>
    public void Add(ulong name, long version, int most)
    {
        while (Count >= most)
        {
            ForgottenUpTo = _versions[_first];
            _first = Place(1);
            Count--;
        }

        if (Count == _names.Length) Grow();
        var place = Place(Count++);
        (_names[place], _versions[place]) = (name, version);
    }

    /// <summary>Forgets all that went until now.</summary>
    public void Forget(long version) => (_first, Count, ForgottenUpTo) = (0, 0, version);

    /// <returns>Index of the first one that went after a version; <see cref="Count"/> if there is none.</returns>
    public int FirstAfter(long version)
    {
        var (from, to) = (0, Count);
        while (from < to)
        {
            var middle = (from + to) / 2;
            if (VersionOf(middle) <= version) from = middle + 1;
            else to = middle;
        }

        return from;
    }

    /// <exception cref="InvalidOperationException">They are out of order.</exception>
    public void CheckInvariants()
    {
        for (var i = 0; i < Count; i++)
        {
            if (VersionOf(i) <= (i == 0 ? ForgottenUpTo : VersionOf(i - 1))) throw new InvalidOperationException($"The names that are gone are out of order at {i}.");
        }
    }

    private int Place(int index) => (_first + index) & (_names.Length - 1);

    private void Grow()
    {
        _names = Unrolled(_names);
        _versions = Unrolled(_versions);
        _first = 0;
    }

    private T[] Unrolled<T>(T[] ring)
    {
        var grown = new T[2 * ring.Length];
        ring.AsSpan(_first).CopyTo(grown);
        ring.AsSpan(0, _first).CopyTo(grown.AsSpan(ring.Length - _first));
        return grown;
    }
}
