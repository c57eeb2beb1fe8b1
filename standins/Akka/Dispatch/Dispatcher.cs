using Akka.Configuration;

namespace Akka.Dispatch;

/// <summary>Runs mailboxes on the .NET thread pool.</summary>
public sealed class Dispatcher(MessageDispatcherConfigurator configurator) : MessageDispatcher(configurator)
{
    // Preferring the local queue keeps a conversation of two actors on one core; idle cores still steal from it.
    protected override void ExecuteTask(IRunnable run) => ThreadPool.UnsafeQueueUserWorkItem(run, preferLocal: true);

    protected override void ExecuteAgain(IRunnable run) => ThreadPool.UnsafeQueueUserWorkItem(run, preferLocal: false);

    protected override void Shutdown()
    {
    }
}

internal sealed class DispatcherConfigurator : MessageDispatcherConfigurator
{
    private readonly MessageDispatcher _dispatcher;

    public DispatcherConfigurator(Config config, IDispatcherPrerequisites prerequisites)
        : base(config, prerequisites)
    {
        var executor = config.GetString("executor", "default-executor");
        _dispatcher = executor switch
        {
            "fork-join-executor" => new DedicatedThreadDispatcher(this, ForkJoinDispatcherConfigurator.ThreadCount(config)),
            "default-executor" or "thread-pool-executor" or "channel-executor" or "task-executor" => new Dispatcher(this),
            _ => throw new ConfigurationException(
                $"executor of dispatcher [{config.GetString("id")}] is '{executor}'; it must be default-executor, thread-pool-executor, "
                + "channel-executor, task-executor or fork-join-executor."),
        };
    }

    public override MessageDispatcher Dispatcher() => _dispatcher;
}
