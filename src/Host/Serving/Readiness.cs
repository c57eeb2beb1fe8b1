namespace ActorInference.Host.Serving;

/// <summary>Whether requests can be served now. Set by the composition, read by health checks. Thread-safe.</summary>
public sealed class Readiness
{
    private volatile bool _isReady;

    public bool IsReady
    {
        get => _isReady;
        set => _isReady = value;
    }
}
