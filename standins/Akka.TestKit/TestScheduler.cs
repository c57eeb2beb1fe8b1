using Akka.Actor;
using Akka.Configuration;
using Akka.Event;

namespace Akka.TestKit;

/// <summary>A scheduler whose time stands still until the test moves it. What falls due runs on the thread that moves it.</summary>
public class TestScheduler : SchedulerBase
{
    private readonly Lock _gate = new();
    private readonly PriorityQueue<Job, (DateTimeOffset Due, long Number)> _jobs = new();
    private readonly DateTimeOffset _start = DateTimeOffset.UtcNow;
    private DateTimeOffset _now;
    private long _number;   // Keeps the order among what falls due at one moment.

    public TestScheduler(Config schedulerConfig, ILoggingAdapter log)
        : base(schedulerConfig, log)
    {
        _now = _start;
    }

    public IAdvancedScheduler Advanced => this;

    public override TimeSpan MonotonicClock => TimeNow - _start;

    public override TimeSpan HighResMonotonicClock => MonotonicClock;

    protected override DateTimeOffset TimeNow
    {
        get
        {
            lock (_gate) return _now;
        }
    }

    /// <summary>Moves the time, and runs what falls due on the way in the order of its times.</summary>
    public void Advance(TimeSpan offset)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(offset, TimeSpan.Zero);
        AdvanceTo(TimeNow + offset);
    }

    public void AdvanceTo(DateTimeOffset when)
    {
        if (when < TimeNow) throw new InvalidOperationException($"Time cannot go back, to {when} from {TimeNow}.");
        while (TakeDue(when) is { } job)
        {
            if (job.Cancelable?.IsCancellationRequested == true) continue;
            job.Run();
            if (job.Interval is { } interval) Add(job with { Due = job.Due + interval });
        }
    }

    protected override void InternalScheduleTellOnce(TimeSpan delay, ICanTell receiver, object message, IActorRef sender, ICancelable cancelable) =>
        Add(delay, null, () => receiver.Tell(message, sender), cancelable);

    protected override void InternalScheduleTellRepeatedly(
        TimeSpan initialDelay, TimeSpan interval, ICanTell receiver, object message, IActorRef sender, ICancelable cancelable) =>
        Add(initialDelay, interval, () => receiver.Tell(message, sender), cancelable);

    protected override void InternalScheduleOnce(TimeSpan delay, Action action, ICancelable cancelable) => Add(delay, null, action, cancelable);

    protected override void InternalScheduleRepeatedly(TimeSpan initialDelay, TimeSpan interval, Action action, ICancelable cancelable) =>
        Add(initialDelay, interval, action, cancelable);

    /// <summary>The earliest job up to that time, with the time moved to it; null, with the time moved all the way, if there is none.</summary>
    private Job TakeDue(DateTimeOffset until)
    {
        lock (_gate)
        {
            if (_jobs.TryPeek(out var job, out _) && job.Due <= until)
            {
                _jobs.Dequeue();
                if (job.Due > _now) _now = job.Due;
                return job;
            }

            if (until > _now) _now = until;
            return null;
        }
    }

    private void Add(TimeSpan delay, TimeSpan? interval, Action run, ICancelable cancelable) => Add(new Job(TimeNow + delay, interval, run, cancelable));

    private void Add(Job job)
    {
        lock (_gate) _jobs.Enqueue(job, (job.Due, _number++));
    }

    private sealed record Job(DateTimeOffset Due, TimeSpan? Interval, Action Run, ICancelable Cancelable);
}
