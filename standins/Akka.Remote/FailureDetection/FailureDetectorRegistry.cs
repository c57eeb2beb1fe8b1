using System.Collections.Concurrent;

namespace Akka.Remote;

/// <summary>A failure detector for each of many things.</summary>
public interface IFailureDetectorRegistry<in T>
{
    /// <summary>True for what is not known, too.</summary>
    bool IsAvailable(T resource);

    bool IsMonitoring(T resource);

    /// <summary>Starts to follow it, if it is new.</summary>
    void Heartbeat(T resource);

    void Remove(T resource);

    void Reset();
}

public class DefaultFailureDetectorRegistry<T>(Func<FailureDetector> factory) : IFailureDetectorRegistry<T>
{
    private readonly ConcurrentDictionary<T, FailureDetector> _detectors = new();
    private readonly Lock _lock = new();

    public bool IsAvailable(T resource) => !_detectors.TryGetValue(resource, out var detector) || detector.IsAvailable;

    public bool IsMonitoring(T resource) => _detectors.TryGetValue(resource, out var detector) && detector.IsMonitoring;

    public void Heartbeat(T resource)
    {
        if (!_detectors.TryGetValue(resource, out var detector))
        {
            lock (_lock) detector = _detectors.GetOrAdd(resource, _ => factory());
        }

        detector.HeartBeat();
    }

    public void Remove(T resource) => _detectors.TryRemove(resource, out _);

    public void Reset() => _detectors.Clear();

    internal FailureDetector GetFailureDetector(T resource) => _detectors.GetValueOrDefault(resource);
}
