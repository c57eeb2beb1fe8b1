namespace ActorInference.Cache.Tiers;

/// <summary>
/// The time within which nearly all answers have lately come: their 95th percentile, by stochastic approximation on the logarithm
/// (Robbins and Monro, 1951, with a constant gain, so that it follows). A few that are very late move it little. Thread-safe.
/// </summary>
internal sealed class AnswerTime
{
    private const double Percentile = 0.95;

    /// <summary>Of the logarithm: a late answer adds a fifth, an early one takes away a hundredth.</summary>
    private const double Gain = 0.2;

    private static readonly TimeSpan Least = TimeSpan.FromMicroseconds(1);

    private readonly Lock _lock = new();
    private bool _isWarm;
    private double? _logSeconds;

    /// <summary>Zero as long as nothing is known.</summary>
    public TimeSpan Usual
    {
        get { lock (_lock) return _logSeconds is { } known ? TimeSpan.FromSeconds(Math.Exp(known)) : TimeSpan.Zero; }
    }

    /// <summary>Adds one that has come, or has not within that time. The first is left out: it has run code for the first time.</summary>
    public void Observe(TimeSpan answer)
    {
        var log = Math.Log((answer > Least ? answer : Least).TotalSeconds);
        lock (_lock)
        {
            if (!_isWarm) _isWarm = true;
            else if (_logSeconds is not { } known) _logSeconds = log;
            else _logSeconds = known + Gain * (log > known ? Percentile : Percentile - 1);
        }
    }
}
