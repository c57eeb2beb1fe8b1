using System.Collections.Concurrent;

namespace ActorInference.Host.Serving;

/// <summary>The requests being answered, by the id that their client knows, so that another one can abort them. Thread-safe.</summary>
public sealed class ActiveRequests
{
    private readonly ConcurrentDictionary<string, ActiveRequest> _byId = new(StringComparer.Ordinal);

    public int Count => _byId.Count;

    /// <summary>Enters a request; disposing the result ends its entry. Null if the id is taken.</summary>
    public ActiveRequest? TryAdd(string id)
    {
        var request = new ActiveRequest(this, id);
        if (_byId.TryAdd(id, request)) return request;
        request.Dispose();
        return null;
    }

    /// <summary>Aborts all whose id begins with <paramref name="prefix"/>.</summary>
    /// <returns>How many.</returns>
    public int Abort(string prefix)
    {
        var aborted = 0;
        foreach (var (id, request) in _byId)
        {
            if (!id.StartsWith(prefix, StringComparison.Ordinal)) continue;
            request.Abort();
            aborted++;
        }

        return aborted;
    }

    internal void Remove(ActiveRequest request) => _byId.TryRemove(new(request.Id, request));
}

/// <summary>One entry of <see cref="ActiveRequests"/>.</summary>
public sealed class ActiveRequest(ActiveRequests owner, string id) : IDisposable
{
    private readonly CancellationTokenSource _aborted = new();
    private readonly Lock _lock = new();
    private bool _disposed;

    public string Id { get; } = id;

    public CancellationToken Aborted => _aborted.Token;

    public void Abort()
    {
        lock (_lock)
        {
            if (!_disposed) _aborted.Cancel();
        }
    }

    public void Dispose()
    {
        owner.Remove(this);
        lock (_lock)
        {
            if (_disposed) return;
            _disposed = true;
            _aborted.Dispose();
        }
    }
}
