namespace Akka.TestKit;

/// <summary>Opens when it has been counted down.</summary>
public class TestLatch
{
    public static readonly TimeSpan DefaultTimeout = TimeSpan.FromSeconds(5);

    private readonly CountdownEvent _countdown;
    private readonly Func<TimeSpan, TimeSpan> _dilate;
    private readonly TimeSpan _defaultTimeout;

    public TestLatch()
        : this(1)
    {
    }

    public TestLatch(int count)
        : this(count, DefaultTimeout)
    {
    }

    public TestLatch(int count, TimeSpan defaultTimeout)
        : this(static time => time, count, defaultTimeout)
    {
    }

    internal TestLatch(Func<TimeSpan, TimeSpan> dilate, int count, TimeSpan defaultTimeout)
    {
        (_dilate, _countdown, _defaultTimeout) = (dilate, new CountdownEvent(count), defaultTimeout);
    }

    public bool IsOpen => _countdown.CurrentCount == 0;

    public void CountDown() => _countdown.Signal();

    public void Open()
    {
        while (!IsOpen) CountDown();
    }

    public void Reset() => _countdown.Reset();

    /// <summary>Waits until it opens.</summary>
    /// <exception cref="TimeoutException">It did not.</exception>
    public void Ready() => Ready(_defaultTimeout);

    public void Ready(TimeSpan timeout)
    {
        if (timeout == Timeout.InfiniteTimeSpan) throw new ArgumentException("A latch cannot be waited for without end.", nameof(timeout));
        if (!_countdown.Wait(_dilate(timeout)))
            throw new TimeoutException($"Timeout of {timeout}; the latch still counts {_countdown.CurrentCount} of {_countdown.InitialCount}.");
    }
}
