namespace ActorInference.Cache.Transfer;

internal enum PagePartState
{
    Waiting,
    AtWork,
    Over,
}

/// <summary>A stretch of all the bytes of a job's pages, one after the other, for one connection.</summary>
internal sealed class PagePart(PageJob job, int pageBytes, long begin, long end)
{
    /// <summary>Pages are cut at multiples of this, and parts have about <see cref="MinPartBytes"/> or more.</summary>
    private const int CutBytes = 4096;
    private const long MinPartBytes = 1 << 20;

    public PageJob Job => job;

    /// <summary>The first byte that has not come.</summary>
    public long Position { get; private set; } = begin;

    public long End => end;

    public bool IsDone => Position >= end;

    /// <summary>Guarded by the job, like <see cref="Connection"/>.</summary>
    public PagePartState State { get; set; }

    /// <summary>At work on it; null if none is.</summary>
    public PageConnection? Connection { get; set; }

    /// <summary>What comes next.</summary>
    public (int Index, int Offset, int Length) Next => StretchAt(Position);

    /// <summary>From a position to the end of its page or of the part.</summary>
    public (int Index, int Offset, int Length) StretchAt(long position)
    {
        var offset = (int)(position % pageBytes);
        return ((int)(position / pageBytes), offset, (int)Math.Min(pageBytes - offset, end - position));
    }

    public void Advance(int bytes) => Position += bytes;

    /// <summary>Divides the bytes of a job's pages among connections, evenly but for where pages can be cut.</summary>
    /// <param name="pages">At least 1.</param>
    /// <param name="connections">Parts at most.</param>
    public static PagePart[] Split(PageJob job, int pageBytes, int pages, int connections)
    {
        var bytes = (long)pages * pageBytes;
        var parts = new PagePart[Math.Clamp(bytes / MinPartBytes, 1, connections)];
        for (var i = 0; i < parts.Length; i++) parts[i] = new PagePart(job, pageBytes, Cut(bytes * i / parts.Length), Cut(bytes * (i + 1) / parts.Length));
        return parts;

        long Cut(long position) => position - position % pageBytes % CutBytes;
    }
}
