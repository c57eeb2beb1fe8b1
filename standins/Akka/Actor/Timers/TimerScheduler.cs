using Akka.Event;

namespace Akka.Actor.Scheduler;

/// <summary>The timers of one actor instance.</summary>
internal sealed class TimerScheduler(ActorCell cell) : ITimerScheduler
{
    private readonly Dictionary<object, Timer> _timers = [];
    private int _generation;

    public IReadOnlyCollection<object> ActiveTimers => _timers.Keys;

    public void StartPeriodicTimer(object key, object msg, TimeSpan interval) => Start(key, msg, interval, interval, null);

    public void StartPeriodicTimer(object key, object msg, TimeSpan interval, IActorRef sender) => Start(key, msg, interval, interval, sender);

    public void StartPeriodicTimer(object key, object msg, TimeSpan initialDelay, TimeSpan interval) => Start(key, msg, initialDelay, interval, null);

    public void StartPeriodicTimer(object key, object msg, TimeSpan initialDelay, TimeSpan interval, IActorRef sender) =>
        Start(key, msg, initialDelay, interval, sender);

    public void StartSingleTimer(object key, object msg, TimeSpan timeout) => Start(key, msg, timeout, null, null);

    public void StartSingleTimer(object key, object msg, TimeSpan timeout, IActorRef sender) => Start(key, msg, timeout, null, sender);

    public bool IsTimerActive(object key) => _timers.ContainsKey(key);

    public void Cancel(object key)
    {
        if (_timers.Remove(key, out var timer)) timer.Scheduled.Cancel();
    }

    public void CancelAll()
    {
        foreach (var timer in _timers.Values) timer.Scheduled.Cancel();
        _timers.Clear();
    }

    /// <summary>The user's message, if the timer that sent it is still the one of its key.</summary>
    internal bool TryTake(ITimerMsg arrived, out object message)
    {
        message = null;
        if (!ReferenceEquals(arrived.Owner, this)) return false;   // Of an instance before a restart.
        if (!_timers.TryGetValue(arrived.Key, out var timer) || timer.Generation != arrived.Generation) return false;
        if (!timer.Repeats) _timers.Remove(arrived.Key);
        message = timer.Message;
        return true;
    }

    private void Start(object key, object msg, TimeSpan initialDelay, TimeSpan? interval, IActorRef sender)
    {
        ArgumentNullException.ThrowIfNull(key);
        ArgumentNullException.ThrowIfNull(msg);
        Cancel(key);
        var generation = ++_generation;
        object envelope = msg is INotInfluenceReceiveTimeout
            ? new QuietTimerMsg(key, generation, this)
            : new TimerMsg(key, generation, this);
        var scheduler = cell.System.Scheduler;
        var scheduled = interval is { } repeat
            ? scheduler.ScheduleTellRepeatedlyCancelable(initialDelay, repeat, cell.Self, envelope, sender ?? cell.Self)
            : scheduler.ScheduleTellOnceCancelable(initialDelay, cell.Self, envelope, sender ?? cell.Self);
        _timers[key] = new Timer(msg, interval is not null, generation, scheduled);
    }

    private sealed record Timer(object Message, bool Repeats, int Generation, ICancelable Scheduled);

    private sealed class TimerMsg(object key, int generation, TimerScheduler owner) : ITimerMsg
    {
        public object Key { get; } = key;

        public int Generation { get; } = generation;

        public object Owner { get; } = owner;
    }

    /// <summary>For a message that does not put off the receive timeout.</summary>
    private sealed class QuietTimerMsg(object key, int generation, TimerScheduler owner) : ITimerMsg, INotInfluenceReceiveTimeout
    {
        public object Key { get; } = key;

        public int Generation { get; } = generation;

        public object Owner { get; } = owner;
    }
}

/// <summary>A timer has fired; the actor's cell replaces it by the user's message.</summary>
internal interface ITimerMsg : IAutoReceivedMessage, INoSerializationVerificationNeeded, IDeadLetterSuppression
{
    object Key { get; }

    int Generation { get; }

    object Owner { get; }
}
