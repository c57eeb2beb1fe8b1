using System.Collections.Concurrent;
using System.Diagnostics;
using System.Numerics;
using Akka.Configuration;
using Akka.Dispatch;
using Akka.Event;

namespace Akka.Actor;

/// <summary>
/// Timers in a wheel of buckets, one a tick (Varghese and Lauck, 1987): scheduling costs the same for any number of
/// timers. Fires never early, and late by up to a tick. With no timer pending its thread sleeps.
/// </summary>
public class HashedWheelTimerScheduler : SchedulerBase, IDateTimeOffsetNowTimeProvider, IDisposable
{
    private readonly ConcurrentQueue<Registration> _arrivals = new();
    private readonly List<Registration>[] _wheel;
    private readonly SemaphoreSlim _wakeUp = new(0);
    private readonly CancellationTokenSource _stopping = new();
    private readonly Thread _thread;
    private readonly TimeSpan _tick;
    private readonly TimeSpan _shutdownTimeout;
    private readonly long _started = Stopwatch.GetTimestamp();
    private long _ticksDone;     // The wheel's hand: all timers due by then have fired.
    private int _pending;        // Timers in the wheel; the thread's own.
    private int _threadStarted;
    private int _sleeping;

    public HashedWheelTimerScheduler(Config scheduler, ILoggingAdapter log)
        : base(scheduler, log)
    {
        _tick = Positive(scheduler, "akka.scheduler.tick-duration", TimeSpan.FromMilliseconds(10));
        _shutdownTimeout = scheduler.GetTimeSpan("akka.scheduler.shutdown-timeout", TimeSpan.FromSeconds(5));
        var slots = scheduler.GetInt("akka.scheduler.ticks-per-wheel", 512);
        if (slots is < 1 or > 1 << 24)
            throw new ConfigurationException($"akka.scheduler.ticks-per-wheel is {slots}; it must be 1 to {1 << 24}.");
        _wheel = new List<Registration>[BitOperations.RoundUpToPowerOf2((uint)slots)];
        _thread = new Thread(Run) { IsBackground = true, Name = "akka-scheduler" };
    }

    public override TimeSpan MonotonicClock => Elapsed;

    public override TimeSpan HighResMonotonicClock => Elapsed;

    protected override DateTimeOffset TimeNow => DateTimeOffset.UtcNow;

    private TimeSpan Elapsed => Stopwatch.GetElapsedTime(_started);

    /// <summary>Ends the thread. What was scheduled is dropped.</summary>
    public void Dispose()
    {
        if (_stopping.IsCancellationRequested) return;
        _stopping.Cancel();
        _wakeUp.Release();
        if (Volatile.Read(ref _threadStarted) == 1 && Thread.CurrentThread != _thread) _thread.Join(_shutdownTimeout);
        GC.SuppressFinalize(this);
    }

    protected override void InternalScheduleTellOnce(TimeSpan delay, ICanTell receiver, object message, IActorRef sender, ICancelable cancelable) =>
        Add(delay, TimeSpan.Zero, new ScheduledTell(receiver, message, sender), cancelable);

    protected override void InternalScheduleTellRepeatedly(
        TimeSpan initialDelay, TimeSpan interval, ICanTell receiver, object message, IActorRef sender, ICancelable cancelable) =>
        Add(initialDelay, interval, new ScheduledTell(receiver, message, sender), cancelable);

    protected override void InternalScheduleOnce(TimeSpan delay, Action action, ICancelable cancelable) =>
        Add(delay, TimeSpan.Zero, new ActionRunnable(action), cancelable);

    protected override void InternalScheduleRepeatedly(TimeSpan initialDelay, TimeSpan interval, Action action, ICancelable cancelable) =>
        Add(initialDelay, interval, new ActionRunnable(action), cancelable);

    private static TimeSpan Positive(Config config, string path, TimeSpan fallback)
    {
        var value = config.GetTimeSpan(path, fallback);
        return value > TimeSpan.Zero ? value : throw new ConfigurationException($"{path} is {value}; it must be positive.");
    }

    private void Add(TimeSpan delay, TimeSpan interval, IRunnable action, ICancelable cancelable)
    {
        if (_stopping.IsCancellationRequested) throw new SchedulerException("cannot enqueue after timer shutdown");
        if (cancelable is { IsCancellationRequested: true }) return;
        _arrivals.Enqueue(new Registration(action, cancelable, Elapsed + delay, interval));
        if (Interlocked.Exchange(ref _threadStarted, 1) == 0) _thread.UnsafeStart();
        else if (Volatile.Read(ref _sleeping) == 1 && Interlocked.Exchange(ref _sleeping, 0) == 1) _wakeUp.Release();
    }

    private void Run()
    {
        while (!_stopping.IsCancellationRequested)
        {
            TakeArrivals();
            if (_pending == 0) SleepUntilArrival();
            else SleepUntilTick();
            TakeArrivals();
            var now = Elapsed.Ticks / _tick.Ticks;
            // After a long stall one turn of the wheel reaches every bucket; more would find nothing.
            if (now - _ticksDone > _wheel.Length) _ticksDone = now - _wheel.Length;
            while (_ticksDone < now && !_stopping.IsCancellationRequested) FireBucket(++_ticksDone);
        }
    }

    private void SleepUntilArrival()
    {
        Interlocked.Exchange(ref _sleeping, 1);
        if (_arrivals.IsEmpty && !_stopping.IsCancellationRequested) _wakeUp.Wait();
        Interlocked.Exchange(ref _sleeping, 0);
        if (_pending == 0) _ticksDone = Elapsed.Ticks / _tick.Ticks;   // An empty wheel has nothing to catch up with.
    }

    private void SleepUntilTick()
    {
        var due = new TimeSpan((_ticksDone + 1) * _tick.Ticks) - Elapsed;
        if (due > TimeSpan.Zero) Thread.Sleep(Math.Max(1, (int)Math.Ceiling(due.TotalMilliseconds)));
    }

    private void TakeArrivals()
    {
        while (_arrivals.TryDequeue(out var registration)) Place(registration);
    }

    private void Place(Registration registration)
    {
        // The tick that begins at or after the deadline, and that the hand has not passed yet.
        registration.DueTick = Math.Max(_ticksDone + 1, (registration.Deadline.Ticks + _tick.Ticks - 1) / _tick.Ticks);
        (_wheel[registration.DueTick & (_wheel.Length - 1)] ??= []).Add(registration);
        _pending++;
    }

    private void FireBucket(long tick)
    {
        var bucket = _wheel[tick & (_wheel.Length - 1)];
        if (bucket is null || bucket.Count == 0) return;

        List<Registration> again = null;
        var kept = 0;
        for (var i = 0; i < bucket.Count; i++)
        {
            var registration = bucket[i];
            var cancelled = registration.Cancelable is { IsCancellationRequested: true };
            if (!cancelled && registration.DueTick > tick)
            {
                bucket[kept++] = registration;
                continue;
            }

            _pending--;
            if (cancelled) continue;
            Fire(registration);
            if (registration.Interval > TimeSpan.Zero) (again ??= []).Add(registration);
        }

        bucket.RemoveRange(kept, bucket.Count - kept);
        if (again is null) return;
        foreach (var registration in again)
        {
            registration.Deadline += registration.Interval;   // From the deadline, not from now, so that it does not drift.
            Place(registration);
        }
    }

    private void Fire(Registration registration)
    {
        try
        {
            registration.Action.Run();
        }
        catch (Exception e)
        {
            Log.Error(e, "A scheduled action failed: {0}", e.Message);
        }
    }

    private sealed class Registration(IRunnable action, ICancelable cancelable, TimeSpan deadline, TimeSpan interval)
    {
        public readonly IRunnable Action = action;
        public readonly ICancelable Cancelable = cancelable;
        public readonly TimeSpan Interval = interval;
        public TimeSpan Deadline = deadline;
        public long DueTick;
    }

    private sealed class ScheduledTell(ICanTell receiver, object message, IActorRef sender) : IRunnable
    {
        public void Run() => receiver.Tell(message, sender);

        public void Execute() => Run();
    }
}
