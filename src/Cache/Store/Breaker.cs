namespace ActorInference.Cache.Store;

/// <summary>Keeps from asking what has failed again and again. After a pause one call tries; if it does well, all may. Thread-safe.</summary>
internal sealed class Breaker(int failures, TimeSpan pause, TimeProvider time)
{
    private readonly Lock _lock = new();
    private int _inARow;
    private long _openedAt;
    private bool _isOpen;
    private bool _isTrying;

    /// <summary>Times that it has opened.</summary>
    public int Opened { get; private set; }

    /// <summary>Whether a call may be made; it is to be followed by <see cref="Report"/>.</summary>
    public bool TryEnter()
    {
        lock (_lock)
        {
            if (!_isOpen) return true;
            if (_isTrying || time.GetElapsedTime(_openedAt) < pause) return false;
            _isTrying = true;
            return true;
        }
    }

    public void Report(bool isWell)
    {
        lock (_lock)
        {
            _isTrying = false;
            if (isWell)
            {
                (_inARow, _isOpen) = (0, false);
                return;
            }

            if (++_inARow < failures) return;
            if (!_isOpen) Opened++;
            (_isOpen, _openedAt) = (true, time.GetTimestamp());
        }
    }
}
