namespace ActorInference.Actors.Kv;

/// <summary>
/// What bringing pages has lately taken, as a fixed time and a time a page: least squares over measurements that fade. Says whether it
/// is worth it beside computing them. Thread-safe.
/// </summary>
/// <remarks>What has been too slow is tried again after a while, or nobody would learn that it is fast by now.</remarks>
public sealed class TransferCost(TimeProvider time)
{
    /// <summary>Weight that a measurement keeps with each later one.</summary>
    private const double Fading = 0.875;

    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(10);

    private readonly Lock _lock = new();
    private bool _isWarm;
    private double _weight, _pages, _seconds, _squares, _products;
    private long _lastUse;

    /// <summary>Adds a measurement. The first is left out: it has run code for the first time.</summary>
    public void Observe(int pages, double seconds)
    {
        lock (_lock)
        {
            if (!_isWarm)
            {
                _isWarm = true;
                return;
            }

            _weight = _weight * Fading + 1;
            _pages = _pages * Fading + pages;
            _seconds = _seconds * Fading + seconds;
            _squares = _squares * Fading + (double)pages * pages;
            _products = _products * Fading + pages * seconds;
            _lastUse = time.GetTimestamp();
        }
    }

    /// <summary>What so many pages would take; 0 if nothing is known.</summary>
    public double Seconds(int pages)
    {
        lock (_lock) return Estimate(pages);
    }

    /// <param name="pages">To be brought, at least 1.</param>
    /// <param name="secondsToCompute">What computing them takes; 0 if that is not known, and then it is worth it.</param>
    public bool IsWorth(int pages, double secondsToCompute)
    {
        lock (_lock)
        {
            if (secondsToCompute <= 0 || Estimate(pages) <= secondsToCompute) return true;
            if (time.GetElapsedTime(_lastUse) < RetryAfter) return false;
            _lastUse = time.GetTimestamp();
            return true;
        }
    }

    private double Estimate(int pages)
    {
        if (_weight == 0) return 0;
        var (meanPages, meanSeconds) = (_pages / _weight, _seconds / _weight);
        var variance = _squares / _weight - meanPages * meanPages;
        // Neither part may be negative. Where all were alike, time counts as proportional.
        var most = meanSeconds / meanPages;
        var perPage = variance < 1e-6 * meanPages * meanPages ? most : Math.Clamp((_products / _weight - meanPages * meanSeconds) / variance, 0, most);
        return meanSeconds + perPage * (pages - meanPages);
    }
}
