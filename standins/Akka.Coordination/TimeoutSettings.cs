using Akka.Configuration;

namespace Akka.Coordination;

/// <summary>The times of a lease.</summary>
public sealed class TimeoutSettings(TimeSpan heartbeatInterval, TimeSpan heartbeatTimeout, TimeSpan operationTimeout)
{
    /// <summary>How often the owner says that it is there.</summary>
    public TimeSpan HeartbeatInterval { get; } = heartbeatInterval;

    /// <summary>How long the lease stays with an owner that is heard no more.</summary>
    public TimeSpan HeartbeatTimeout { get; } = heartbeatTimeout;

    public TimeSpan OperationTimeout { get; } = operationTimeout;

    /// <summary>From a lease's section; without heartbeat-interval it is a tenth of heartbeat-timeout, at least 5 s.</summary>
    /// <exception cref="ConfigurationException">The interval is not less than half of the timeout.</exception>
    public static TimeoutSettings Create(Config config)
    {
        var timeout = config.GetTimeSpan("heartbeat-timeout");
        var least = TimeSpan.FromSeconds(5);
        var interval = config.GetString("heartbeat-interval") is { Length: > 0 }
            ? config.GetTimeSpan("heartbeat-interval")
            : timeout / 10 > least ? timeout / 10 : least;
        if (interval >= timeout / 2)
            throw new ConfigurationException($"heartbeat-interval is {interval}; it must be less than half of heartbeat-timeout, which is {timeout}.");
        return new TimeoutSettings(interval, timeout, config.GetTimeSpan("lease-operation-timeout"));
    }

    public TimeoutSettings WithHeartbeatInterval(TimeSpan heartbeatInterval) => new(heartbeatInterval, HeartbeatTimeout, OperationTimeout);

    public TimeoutSettings WithHeartbeatTimeout(TimeSpan heartbeatTimeout) => new(HeartbeatInterval, heartbeatTimeout, OperationTimeout);

    // The name is Akka.NET's.
    public TimeoutSettings withOperationTimeout(TimeSpan operationTimeout) => new(HeartbeatInterval, HeartbeatTimeout, operationTimeout);

    public override string ToString() => $"TimeoutSettings({HeartbeatInterval}, {HeartbeatTimeout}, {OperationTimeout})";
}
