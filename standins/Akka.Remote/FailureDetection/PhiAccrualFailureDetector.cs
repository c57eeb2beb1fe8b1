using Akka.Configuration;
using Akka.Event;

namespace Akka.Remote;

/// <summary>
/// Gives not yes or no but a degree of suspicion, phi = -log10 of the probability that a heartbeat comes even later than now, from
/// the mean and deviation of the intervals seen. After Hayashibara, Defago, Yared, Katayama: "The phi Accrual Failure Detector" (2004).
/// </summary>
public class PhiAccrualFailureDetector : FailureDetector
{
    private readonly double _threshold;
    private readonly double _minStdDeviationMs;
    private readonly double _acceptablePauseMs;
    private readonly Clock _clock;
    private readonly Lock _lock = new();
    private readonly IntervalHistory _intervals;
    private long? _lastMs;

    /// <param name="threshold">Phi from which on it counts as unavailable; 8 errs once in 10^8.</param>
    /// <param name="maxSampleSize">How many intervals are remembered.</param>
    /// <param name="minStdDeviation">Keeps a very regular heartbeat from making the detector too strict.</param>
    /// <param name="acceptableHeartbeatPause">Added to the mean: a pause that is no sign of failure.</param>
    /// <param name="firstHeartbeatEstimate">The interval that is assumed before any was seen.</param>
    /// <exception cref="ArgumentException">A parameter is out of its range.</exception>
    public PhiAccrualFailureDetector(
        double threshold, int maxSampleSize, TimeSpan minStdDeviation, TimeSpan acceptableHeartbeatPause, TimeSpan firstHeartbeatEstimate, Clock clock = null)
    {
        if (threshold <= 0) throw new ArgumentException($"threshold is {threshold}; it must be more than 0.", nameof(threshold));
        if (maxSampleSize <= 0) throw new ArgumentException($"max-sample-size is {maxSampleSize}; it must be more than 0.", nameof(maxSampleSize));
        if (minStdDeviation <= TimeSpan.Zero)
            throw new ArgumentException($"min-std-deviation is {minStdDeviation}; it must be more than 0.", nameof(minStdDeviation));
        if (acceptableHeartbeatPause < TimeSpan.Zero)
            throw new ArgumentException($"acceptable-heartbeat-pause is {acceptableHeartbeatPause}; it must not be negative.", nameof(acceptableHeartbeatPause));
        if (firstHeartbeatEstimate <= TimeSpan.Zero)
            throw new ArgumentException($"heartbeat-interval is {firstHeartbeatEstimate}; it must be more than 0.", nameof(firstHeartbeatEstimate));
        _threshold = threshold;
        _minStdDeviationMs = minStdDeviation.TotalMilliseconds;
        _acceptablePauseMs = acceptableHeartbeatPause.TotalMilliseconds;
        _clock = clock ?? DefaultClock;
        _intervals = new IntervalHistory(maxSampleSize);

        // A guess with a wide deviation, until real intervals outweigh it.
        var mean = firstHeartbeatEstimate.TotalMilliseconds;
        _intervals.Add(mean - (mean / 4));
        _intervals.Add(mean + (mean / 4));
    }

    public PhiAccrualFailureDetector(Config config, EventStream ev)
        : this(
            config.GetDouble("threshold"),
            config.GetInt("max-sample-size"),
            config.GetTimeSpan("min-std-deviation"),
            config.GetTimeSpan("acceptable-heartbeat-pause"),
            config.GetTimeSpan("heartbeat-interval"))
    {
    }

    public override bool IsAvailable => IsAvailableAt(_clock());

    public override bool IsMonitoring
    {
        get
        {
            lock (_lock) return _lastMs is not null;
        }
    }

    /// <summary>The suspicion now; 0 before the first heartbeat.</summary>
    public double CurrentPhi => Phi(_clock());

    public override void HeartBeat()
    {
        var now = _clock();
        lock (_lock)
        {
            if (_lastMs is { } last)
            {
                // An interval that ended a failure says nothing of how heartbeats come.
                if (PhiLocked(now) < _threshold) _intervals.Add(now - last);
            }

            _lastMs = now;
        }
    }

    internal double Phi(long timestampMs)
    {
        lock (_lock) return PhiLocked(timestampMs);
    }

    /// <summary>
    /// Phi of a normal distribution by the logistic approximation of Bowling et al. (2009): off by 2 % at three deviations, by more
    /// further out, where it errs towards suspicion.
    /// </summary>
    internal static double Phi(double elapsedMs, double meanMs, double stdDeviationMs)
    {
        var y = (elapsedMs - meanMs) / stdDeviationMs;
        var e = Math.Exp(-y * (1.5976 + (0.070566 * y * y)));
        return elapsedMs > meanMs ? -Math.Log10(e / (1.0 + e)) : -Math.Log10(1.0 - (1.0 / (1.0 + e)));
    }

    private bool IsAvailableAt(long timestampMs) => Phi(timestampMs) < _threshold;

    private double PhiLocked(long timestampMs) => _lastMs is not { } last
        ? 0
        : Phi(timestampMs - last, _intervals.Mean + _acceptablePauseMs, Math.Max(_intervals.StdDeviation, _minStdDeviationMs));

    /// <summary>The last intervals, with running sums.</summary>
    private sealed class IntervalHistory(int capacity)
    {
        private readonly double[] _ring = new double[capacity];
        private int _next;
        private int _count;
        private double _sum;
        private double _sumOfSquares;

        public double Mean => _sum / _count;

        public double StdDeviation => Math.Sqrt(Math.Max(0, (_sumOfSquares / _count) - (Mean * Mean)));

        public void Add(double interval)
        {
            if (_count == capacity)
            {
                _sum -= _ring[_next];
                _sumOfSquares -= _ring[_next] * _ring[_next];
            }
            else
            {
                _count++;
            }

            _ring[_next] = interval;
            _next = (_next + 1) % capacity;
            _sum += interval;
            _sumOfSquares += interval * interval;
        }
    }
}
