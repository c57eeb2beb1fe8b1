using Akka.Configuration;

namespace Akka.Dispatch;

/// <summary>Runs mailboxes on threads of its own. These start with the first task and end some time after the last actor.</summary>
public sealed class DedicatedThreadDispatcher(MessageDispatcherConfigurator configurator, int threadCount)
    : MessageDispatcher(configurator)
{
    private readonly Lock _gate = new();
    private DedicatedThreadPool _threads;

    protected override void ExecuteTask(IRunnable run)
    {
        var threads = Volatile.Read(ref _threads);
        while (threads is null || !threads.TryQueue(run)) threads = Renew();
    }

    protected override void Shutdown()
    {
        lock (_gate)
        {
            _threads?.Dispose();
            _threads = null;
        }
    }

    private DedicatedThreadPool Renew()
    {
        lock (_gate)
        {
            if (_threads is null || _threads.IsDisposed) _threads = new DedicatedThreadPool(Id, threadCount);
            return _threads;
        }
    }
}

/// <summary>Threads that nobody else uses, over one queue.</summary>
internal sealed class DedicatedThreadPool : IDisposable
{
    private readonly Queue<IRunnable> _queue = new();
    private int _idle;

    public DedicatedThreadPool(string name, int threadCount)
    {
        for (var i = 0; i < threadCount; i++)
        {
            var thread = new Thread(Work) { IsBackground = true, Name = $"{name}-{i + 1}" };
            thread.UnsafeStart();
        }
    }

    public bool IsDisposed { get; private set; }

    public bool TryQueue(IRunnable run)
    {
        lock (_queue)
        {
            if (IsDisposed) return false;
            _queue.Enqueue(run);
            if (_idle > 0) Monitor.Pulse(_queue);
            return true;
        }
    }

    /// <summary>The threads end once the queue is empty.</summary>
    public void Dispose()
    {
        lock (_queue)
        {
            IsDisposed = true;
            Monitor.PulseAll(_queue);
        }
    }

    private void Work()
    {
        while (Take() is { } run) run.Run();
    }

    private IRunnable Take()
    {
        lock (_queue)
        {
            IRunnable run;
            while (!_queue.TryDequeue(out run) && !IsDisposed)
            {
                _idle++;
                Monitor.Wait(_queue);
                _idle--;
            }

            return run;
        }
    }
}

/// <summary>One set of dedicated threads for all actors of the dispatcher.</summary>
internal sealed class ForkJoinDispatcherConfigurator : MessageDispatcherConfigurator
{
    private readonly MessageDispatcher _dispatcher;

    public ForkJoinDispatcherConfigurator(Config config, IDispatcherPrerequisites prerequisites)
        : base(config, prerequisites)
    {
        _dispatcher = new DedicatedThreadDispatcher(this, ThreadCount(config));
    }

    public override MessageDispatcher Dispatcher() => _dispatcher;

    internal static int ThreadCount(Config config)
    {
        var count = config.GetInt("dedicated-thread-pool.thread-count", 0);
        return count >= 1
            ? count
            : throw new ConfigurationException(
                $"dedicated-thread-pool.thread-count of dispatcher [{config.GetString("id")}] is {count}; it must be at least 1.");
    }
}

/// <summary>A thread for each actor.</summary>
internal sealed class PinnedDispatcherConfigurator(Config config, IDispatcherPrerequisites prerequisites)
    : MessageDispatcherConfigurator(config, prerequisites)
{
    public override MessageDispatcher Dispatcher() => new DedicatedThreadDispatcher(this, threadCount: 1);
}
