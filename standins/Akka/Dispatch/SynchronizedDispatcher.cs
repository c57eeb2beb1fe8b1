using Akka.Configuration;

namespace Akka.Dispatch;

/// <summary>Runs mailboxes on the synchronization context that was current when it was made, such as a user interface's.</summary>
public sealed class SynchronizedDispatcher : MessageDispatcher
{
    private readonly SynchronizationContext _context;

    internal SynchronizedDispatcher(MessageDispatcherConfigurator configurator)
        : base(configurator)
    {
        _context = SynchronizationContext.Current
            ?? throw new ConfigurationException($"Dispatcher [{Id}] needs a thread with a synchronization context, and this one has none.");
    }

    protected override void ExecuteTask(IRunnable run) => _context.Post(static state => ((IRunnable)state).Run(), run);

    protected override void Shutdown()
    {
    }
}

internal sealed class CurrentSynchronizationContextDispatcherConfigurator(Config config, IDispatcherPrerequisites prerequisites)
    : MessageDispatcherConfigurator(config, prerequisites)
{
    public override MessageDispatcher Dispatcher() => new SynchronizedDispatcher(this);
}
