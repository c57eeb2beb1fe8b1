namespace ActorInference.Cache.Tiers;

/// <summary>Leaves a failing storage alone: after each failure in a row twice as long. Thread-safe.</summary>
internal sealed class StorageBreaker(TimeSpan firstPause, TimeSpan longestPause, TimeProvider time)
{
    private const int MostDoublings = 20;

    private readonly Lock _lock = new();
    private readonly long _created = time.GetTimestamp();
    private int _failures;
    private TimeSpan _until;

    public bool MayPass
    {
        get { lock (_lock) return time.GetElapsedTime(_created) >= _until; }
    }

    public void Succeed()
    {
        lock (_lock) _failures = 0;
    }

    public void Fail()
    {
        lock (_lock)
        {
            var pause = firstPause * Math.Pow(2, Math.Min(_failures++, MostDoublings));
            _until = time.GetElapsedTime(_created) + (pause < longestPause ? pause : longestPause);
        }
    }
}
