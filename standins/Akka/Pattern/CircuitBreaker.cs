using Akka.Actor;

namespace Akka.Pattern;

/// <summary>The circuit is open: the call was not tried.</summary>
public class OpenCircuitException : AkkaException
{
    public OpenCircuitException()
        : this("Circuit Breaker is open; calls are failing fast")
    {
    }

    public OpenCircuitException(string message)
        : base(message)
    {
    }

    public OpenCircuitException(string message, Exception cause)
        : base(message, cause)
    {
    }

    public OpenCircuitException(Exception cause)
        : base("Circuit Breaker is open; calls are failing fast", cause)
    {
    }
}

/// <summary>
/// Stops calling what fails too often. Closed: counts failures in a row, slow calls among them. Open: refuses at once
/// until the reset timeout. Half-open: lets one call try; its success closes, its failure opens again.
/// </summary>
public class CircuitBreaker
{
    private readonly Lock _gate = new();
    private readonly IScheduler _scheduler;
    private readonly int _maxFailures;
    private readonly TimeSpan _resetTimeout;
    private readonly TimeSpan _maxResetTimeout;
    private readonly double _backoffFactor;
    private readonly double _randomFactor;
    private readonly List<Action> _onOpen = [];
    private readonly List<Action> _onHalfOpen = [];
    private readonly List<Action> _onClose = [];
    private State _state = State.Closed;
    private int _failures;
    private bool _trialRunning;
    private TimeSpan _nextResetTimeout;
    private Exception _lastCause;

    public CircuitBreaker(IScheduler scheduler, int maxFailures, TimeSpan callTimeout, TimeSpan resetTimeout)
        : this(scheduler, maxFailures, callTimeout, resetTimeout, TimeSpan.FromDays(36500), 1.0, 0)
    {
    }

    public CircuitBreaker(
        IScheduler scheduler, int maxFailures, TimeSpan callTimeout, TimeSpan resetTimeout, TimeSpan maxResetTimeout, double exponentialBackoffFactor)
        : this(scheduler, maxFailures, callTimeout, resetTimeout, maxResetTimeout, exponentialBackoffFactor, 0)
    {
    }

    /// <param name="maxFailures">Failures in a row that open it; at least 1.</param>
    /// <param name="callTimeout">A call longer than this counts as failed.</param>
    /// <param name="resetTimeout">How long it stays open; grows by the factor each time a trial fails.</param>
    public CircuitBreaker(
        IScheduler scheduler, int maxFailures, TimeSpan callTimeout, TimeSpan resetTimeout, TimeSpan maxResetTimeout, double exponentialBackoffFactor,
        double randomFactor)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(exponentialBackoffFactor, 1.0);
        ArgumentOutOfRangeException.ThrowIfLessThan(maxFailures, 1);
        _scheduler = scheduler;
        _maxFailures = maxFailures;
        CallTimeout = callTimeout;
        _resetTimeout = _nextResetTimeout = resetTimeout;
        _maxResetTimeout = maxResetTimeout;
        _backoffFactor = exponentialBackoffFactor;
        _randomFactor = randomFactor;
    }

    private enum State
    {
        Closed,
        HalfOpen,
        Open,
    }

    public TimeSpan CallTimeout { get; }

    public bool IsClosed => Current == State.Closed;

    public bool IsHalfOpen => Current == State.HalfOpen;

    public bool IsOpen => Current == State.Open;

    public long CurrentFailureCount
    {
        get
        {
            lock (_gate) return _failures;
        }
    }

    public Exception LastCaughtException
    {
        get
        {
            lock (_gate) return _lastCause;
        }
    }

    private State Current
    {
        get
        {
            lock (_gate) return _state;
        }
    }

    public static CircuitBreaker Create(IScheduler scheduler, int maxFailures, TimeSpan callTimeout, TimeSpan resetTimeout) =>
        new(scheduler, maxFailures, callTimeout, resetTimeout);

    /// <exception cref="OpenCircuitException">It is open. (Through the task.)</exception>
    /// <exception cref="TimeoutException">The call took longer than <see cref="CallTimeout"/>. (Through the task.)</exception>
    public async Task<T> WithCircuitBreaker<T>(Func<Task<T>> body)
    {
        Enter();
        try
        {
            var result = await body().WaitAsync(CallTimeout).ConfigureAwait(false);
            Succeed();
            return result;
        }
        catch (Exception e)
        {
            Fail(e);
            throw;
        }
    }

    public Task WithCircuitBreaker(Func<Task> body) => WithCircuitBreaker(async () =>
    {
        await body().ConfigureAwait(false);
        return Done.Instance;
    });

    public void WithSyncCircuitBreaker(Action body) => WithCircuitBreaker(() => Task.Run(body)).GetAwaiter().GetResult();

    public T WithSyncCircuitBreaker<T>(Func<T> body) => WithCircuitBreaker(() => Task.Run(body)).GetAwaiter().GetResult();

    /// <summary>Counts a success that happened outside of the breaker.</summary>
    public void Succeed()
    {
        lock (_gate)
        {
            _failures = 0;
            if (_state != State.HalfOpen) return;
            _state = State.Closed;
            _trialRunning = false;
            _nextResetTimeout = _resetTimeout;
        }

        Notify(_onClose);
    }

    public void Fail() => Fail(new UserCalledFailException());

    public CircuitBreaker OnOpen(Action callback) => Register(_onOpen, callback);

    public CircuitBreaker OnHalfOpen(Action callback) => Register(_onHalfOpen, callback);

    public CircuitBreaker OnClose(Action callback) => Register(_onClose, callback);

    private void Enter()
    {
        lock (_gate)
        {
            if (_state == State.Closed) return;
            if (_state == State.Open || _trialRunning) throw new OpenCircuitException(_lastCause);
            _trialRunning = true;
        }
    }

    private void Fail(Exception cause)
    {
        TimeSpan wait;
        lock (_gate)
        {
            _lastCause = cause;
            if (_state == State.Open || (_state == State.Closed && ++_failures < _maxFailures)) return;
            if (_state == State.HalfOpen)
                _nextResetTimeout = TimeSpan.FromMilliseconds(
                    Math.Min(_maxResetTimeout.TotalMilliseconds, _nextResetTimeout.TotalMilliseconds * _backoffFactor));
            _state = State.Open;
            _trialRunning = false;
            wait = _nextResetTimeout * (1 + (Random.Shared.NextDouble() * _randomFactor));
        }

        Notify(_onOpen);
        _scheduler.Advanced.ScheduleOnce(wait, TryAgain);
    }

    private void TryAgain()
    {
        lock (_gate)
        {
            if (_state != State.Open) return;
            _state = State.HalfOpen;
            _trialRunning = false;
        }

        Notify(_onHalfOpen);
    }

    private CircuitBreaker Register(List<Action> callbacks, Action callback)
    {
        lock (_gate) callbacks.Add(callback);
        return this;
    }

    private void Notify(List<Action> callbacks)
    {
        Action[] all;
        lock (_gate) all = [.. callbacks];
        foreach (var callback in all) Task.Run(callback);
    }
}

/// <summary>The cause that is reported after <see cref="CircuitBreaker.Fail()"/>.</summary>
public class UserCalledFailException : AkkaException;
