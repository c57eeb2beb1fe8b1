namespace ActorInference.Cache.Transfer;

/// <summary>When a connection has to be done with what it does. Set by its own thread, read by the one that ends those overdue.</summary>
internal sealed class TransferClock(TimeProvider time, TimeSpan stall, long minBytesPerSecond)
{
    private long _due = long.MaxValue;

    /// <summary>Gives so many bytes their time, from now on.</summary>
    public void Begin(long bytes)
    {
        var allowed = stall.TotalSeconds + (double)bytes / minBytesPerSecond;
        Volatile.Write(ref _due, time.GetTimestamp() + (long)(allowed * time.TimestampFrequency));
    }

    /// <summary>There is nothing to be done.</summary>
    public void Rest() => Volatile.Write(ref _due, long.MaxValue);

    public bool IsOverdue => time.GetTimestamp() > Volatile.Read(ref _due);
}
