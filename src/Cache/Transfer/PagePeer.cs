using System.Net;
using ActorInference.Actors.Kv;

namespace ActorInference.Cache.Transfer;

/// <summary>
/// The connections to one process's page server: so many at most, each with a thread of its own, which ends when there was nothing to do
/// for a while. Thread-safe.
/// </summary>
internal sealed class PagePeer(KvPoolId pool, KvPageSource source, IPAddress address, int connections) : IDisposable
{
    private const int StackBytes = 256 << 10;

    private static readonly TimeSpan IdleTime = TimeSpan.FromSeconds(60);

    private readonly object _lock = new();
    private readonly Queue<PagePart> _waiting = [];
    private int _threads;
    private int _idle;
    private bool _disposed;

    /// <summary>Parts of one job's pages, at most one for each connection.</summary>
    public void Enqueue(PageJob job)
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            foreach (var part in job.Parts)
            {
                _waiting.Enqueue(part);
                if (_idle < _waiting.Count && _threads < connections) StartThread();
            }

            Monitor.PulseAll(_lock);
        }
    }

    /// <summary>Lets the threads end when they have done what they were given.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            _disposed = true;
            Monitor.PulseAll(_lock);
        }
    }

    private void StartThread()
    {
        _threads++;
        new Thread(Work, StackBytes) { IsBackground = true, Name = "kv-page-client" }.Start();
    }

    private void Work()
    {
        using var connection = new PageConnection(pool, source, address);
        while (Take() is { } part) connection.Run(part);
    }

    /// <returns>Null when the thread is to end; it is not counted any more then.</returns>
    private PagePart? Take()
    {
        lock (_lock)
        {
            _idle++;
            try
            {
                while (_waiting.Count == 0)
                {
                    if (!_disposed && Monitor.Wait(_lock, IdleTime)) continue;
                    if (_waiting.Count > 0) break;
                    _threads--;
                    return null;
                }

                return _waiting.Dequeue();
            }
            finally
            {
                _idle--;
            }
        }
    }
}
