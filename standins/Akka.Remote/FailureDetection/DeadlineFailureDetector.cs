using Akka.Configuration;
using Akka.Event;

namespace Akka.Remote;

/// <summary>Available until no heartbeat has come for a heartbeat interval and an acceptable pause together.</summary>
public class DeadlineFailureDetector : FailureDetector
{
    private readonly long _deadlineMs;
    private readonly Clock _clock;
    private long _lastMs;
    private volatile bool _isMonitoring;

    public DeadlineFailureDetector(TimeSpan acceptableHeartbeatPause, TimeSpan heartbeatInterval, Clock clock = null)
    {
        if (acceptableHeartbeatPause < TimeSpan.Zero)
            throw new ArgumentException($"acceptable-heartbeat-pause is {acceptableHeartbeatPause}; it must not be negative.", nameof(acceptableHeartbeatPause));
        if (heartbeatInterval <= TimeSpan.Zero)
            throw new ArgumentException($"heartbeat-interval is {heartbeatInterval}; it must be more than 0.", nameof(heartbeatInterval));
        _deadlineMs = (long)(acceptableHeartbeatPause + heartbeatInterval).TotalMilliseconds;
        _clock = clock ?? DefaultClock;
    }

    public DeadlineFailureDetector(Config config, EventStream ev)
        : this(config.GetTimeSpan("acceptable-heartbeat-pause"), config.GetTimeSpan("heartbeat-interval"))
    {
    }

    public override bool IsAvailable => !_isMonitoring || _clock() - Volatile.Read(ref _lastMs) <= _deadlineMs;

    public override bool IsMonitoring => _isMonitoring;

    public override void HeartBeat()
    {
        Volatile.Write(ref _lastMs, _clock());
        _isMonitoring = true;
    }
}
