using System.Collections.Concurrent;
using Akka.Event;

namespace Akka.Actor;

/// <summary>Makes the one <see cref="CoordinatedShutdown"/> of a system.</summary>
public sealed class CoordinatedShutdownExtension : ExtensionIdProvider<CoordinatedShutdown>
{
    public static readonly CoordinatedShutdownExtension Instance = new();

    public override CoordinatedShutdown CreateExtension(ExtendedActorSystem system) => CoordinatedShutdown.Create(system);
}

/// <summary>
/// Runs tasks in phases before the system ends. A phase begins when those it depends on are done; its own tasks run side
/// by side, up to its timeout. A task that fails or is late does not hold up the next phase, unless the phase says so.
/// </summary>
public sealed partial class CoordinatedShutdown : IExtension
{
    public const string PhaseBeforeServiceUnbind = "before-service-unbind";
    public const string PhaseServiceUnbind = "service-unbind";
    public const string PhaseServiceRequestsDone = "service-requests-done";
    public const string PhaseServiceStop = "service-stop";
    public const string PhaseBeforeClusterShutdown = "before-cluster-shutdown";
    public const string PhaseClusterShardingShutdownRegion = "cluster-sharding-shutdown-region";
    public const string PhaseClusterLeave = "cluster-leave";
    public const string PhaseClusterExiting = "cluster-exiting";
    public const string PhaseClusterExitingDone = "cluster-exiting-done";
    public const string PhaseClusterShutdown = "cluster-shutdown";
    public const string PhaseBeforeActorSystemTerminate = "before-actor-system-terminate";
    public const string PhaseActorSystemTerminate = "actor-system-terminate";

    private readonly ConcurrentDictionary<string, ConcurrentQueue<(string Name, Func<CancellationToken, Task<Done>> Run)>> _tasks = new();
    private readonly ConcurrentStack<Func<Task<Done>>> _clrShutdownTasks = new();
    private readonly TaskCompletionSource<Done> _run = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Dictionary<string, Phase> _phases;
    private readonly List<string> _order;
    private Reason _reason;

    internal CoordinatedShutdown(ExtendedActorSystem system, Dictionary<string, Phase> phases)
    {
        System = system;
        Log = Logging.GetLogger(system, GetType());
        _phases = phases;
        _order = Phase.TopologicalSort(phases);
    }

    public ExtendedActorSystem System { get; }

    /// <summary>Why the shutdown runs; null before it does.</summary>
    public Reason ShutdownReason => Volatile.Read(ref _reason);

    public TimeSpan TotalTimeout => _order.Where(name => _tasks.ContainsKey(name)).Select(Timeout).Aggregate(TimeSpan.Zero, (sum, each) => sum + each);

    internal ILoggingAdapter Log { get; }

    public static CoordinatedShutdown Get(ActorSystem system) => CoordinatedShutdownExtension.Instance.Apply(system);

    /// <exception cref="ArgumentException">There is no such phase.</exception>
    public void AddTask(string phase, string taskName, Func<Task<Done>> task) => AddTask(phase, taskName, _ => task());

    /// <summary>The token is cancelled when the phase's time is up.</summary>
    internal void AddTask(string phase, string taskName, Func<CancellationToken, Task<Done>> task)
    {
        if (!_phases.ContainsKey(phase))
        {
            throw new ArgumentException(
                $"Unknown phase [{phase}], known phases [{string.Join(",", _phases.Keys)}]. All phases (along with their optional dependencies) must be defined in configuration.",
                nameof(phase));
        }

        _tasks.GetOrAdd(phase, _ => new()).Enqueue((taskName, task));
    }

    /// <summary>Runs when the process ends, before the phases.</summary>
    internal void AddClrShutdownHook(Func<Task<Done>> hook) => _clrShutdownTasks.Push(hook);

    public TimeSpan Timeout(string phase) => _phases.TryGetValue(phase, out var known)
        ? known.Timeout
        : throw new ArgumentException($"Unknown phase [{phase}]. All phases must be defined in configuration.", nameof(phase));

    /// <summary>Runs all phases, or those from <paramref name="fromPhase"/> on. A second call returns the first one's task.</summary>
    public Task<Done> Run(Reason reason, string fromPhase = null)
    {
        if (fromPhase is not null && !_phases.ContainsKey(fromPhase))
            throw new ArgumentException($"Unknown phase [{fromPhase}].", nameof(fromPhase));
        if (Interlocked.CompareExchange(ref _reason, reason ?? UnknownReason.Instance, null) is not null) return _run.Task;
        Log.Debug("Performing shutdown, reason [{0}]", reason);
        _ = Task.Run(() => RunPhases(fromPhase));
        return _run.Task;
    }

    internal void RunByClrShutdownHook()
    {
        var limit = TotalTimeout + TimeSpan.FromSeconds(10);
        foreach (var hook in _clrShutdownTasks)
        {
            if (!hook().Wait(limit)) Log.Warning("A task of the process's shutdown did not end within {0}", limit);
        }

        if (!Run(ClrExitReason.Instance).Wait(limit)) Log.Warning("Coordinated shutdown did not end within {0}", limit);
    }

    private async Task RunPhases(string fromPhase)
    {
        try
        {
            var from = fromPhase is null ? 0 : _order.IndexOf(fromPhase);
            for (var i = from; i < _order.Count; i++) await RunPhase(_order[i]).ConfigureAwait(false);
            _run.TrySetResult(Done.Instance);
        }
        catch (Exception e)
        {
            _run.TrySetException(e);
        }
    }

    private async Task RunPhase(string name)
    {
        var phase = _phases[name];
        if (!phase.Enabled)
        {
            Log.Info("Phase [{0}] disabled through configuration", name);
            return;
        }

        if (!_tasks.TryGetValue(name, out var tasks) || tasks.IsEmpty)
        {
            Log.Debug("Performing phase [{0}] with [0] tasks.", name);
            return;
        }

        Log.Debug("Performing phase [{0}] with [{1}] tasks: [{2}]", name, tasks.Count, string.Join(",", tasks.Select(task => task.Name)));
        using var late = new CancellationTokenSource();
        var running = Task.WhenAll(tasks.Select(task => RunTask(name, phase, task.Name, task.Run, late.Token)));
        try
        {
            await running.WaitAsync(phase.Timeout).ConfigureAwait(false);
        }
        catch (TimeoutException) when (!running.IsCompleted)
        {
            await late.CancelAsync().ConfigureAwait(false);
            var message = $"Coordinated shutdown phase [{name}] timed out after {phase.Timeout}";
            if (!phase.Recover) throw new TimeoutException(message);
            Log.Warning(message);
        }
    }

    private async Task RunTask(string phaseName, Phase phase, string taskName, Func<CancellationToken, Task<Done>> run, CancellationToken late)
    {
        try
        {
            await run(late).ConfigureAwait(false);
        }
        catch (Exception e) when (phase.Recover)
        {
            Log.Error(e, "Task [{0}] failed in phase [{1}]", taskName, phaseName);
        }
    }
}
