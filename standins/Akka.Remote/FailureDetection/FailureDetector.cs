using System.Diagnostics;

namespace Akka.Remote;

/// <summary>Milliseconds since some moment, never running backwards.</summary>
public delegate long Clock();

/// <summary>Judges from the heartbeats of something whether it lives.</summary>
public abstract class FailureDetector
{
    public static readonly Clock DefaultClock = () => Stopwatch.GetTimestamp() / (Stopwatch.Frequency / 1000);

    /// <summary>True as long as it is taken to live.</summary>
    public abstract bool IsAvailable { get; }

    /// <summary>True once a heartbeat has come.</summary>
    public abstract bool IsMonitoring { get; }

    /// <summary>A heartbeat has come.</summary>
    public abstract void HeartBeat();
}
