namespace ActorInference.Cache.Tiers;

/// <summary>
/// Keeps from asking what has failed again and again. After a pause one call tries; if it does well, all may, and if not, the pause is
/// twice as long. Thread-safe.
/// </summary>
/// <param name="failures">In a row, after which it opens; at least 1.</param>
internal sealed class Breaker(int failures, TimeSpan firstPause, TimeSpan longestPause, TimeProvider time)
{
    private readonly Lock _lock = new();
    private int _inARow;
    private long _openedAt;
    private TimeSpan _pause;
    private bool _isOpen;
    private bool _isTrying;

    /// <summary>Times that it has opened.</summary>
    public int Opened { get; private set; }

    /// <summary>Whether a call could be made now.</summary>
    public bool MayEnter
    {
        get { lock (_lock) return !IsShut(); }
    }

    /// <summary>Whether a call may be made; it is to be followed by <see cref="Report"/>.</summary>
    public bool TryEnter()
    {
        lock (_lock)
        {
            if (IsShut()) return false;
            _isTrying = _isOpen;
            return true;
        }
    }

    public void Report(bool isWell)
    {
        lock (_lock)
        {
            var hasTried = _isTrying;
            _isTrying = false;
            if (isWell) (_inARow, _isOpen) = (0, false);
            else if (!_isOpen && ++_inARow >= failures) Open(firstPause);
            else if (_isOpen && hasTried) Open(2 * _pause);
            // Else it was entered before others opened it, and says what is known.
        }
    }

    private bool IsShut() => _isOpen && (_isTrying || time.GetElapsedTime(_openedAt) < _pause);

    private void Open(TimeSpan pause)
    {
        if (!_isOpen) Opened++;
        (_isOpen, _openedAt, _pause) = (true, time.GetTimestamp(), pause < longestPause ? pause : longestPause);
    }
}
