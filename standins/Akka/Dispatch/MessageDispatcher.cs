using Akka.Actor;
using Akka.Configuration;
using Akka.Dispatch.SysMsg;
using Akka.Event;

namespace Akka.Dispatch;

/// <summary>What a dispatcher may use of its system.</summary>
public interface IDispatcherPrerequisites
{
    EventStream EventStream { get; }

    IScheduler Scheduler { get; }

    Settings Settings { get; }

    Mailboxes Mailboxes { get; }
}

public sealed class DefaultDispatcherPrerequisites(EventStream eventStream, IScheduler scheduler, Settings settings, Mailboxes mailboxes)
    : IDispatcherPrerequisites
{
    public EventStream EventStream { get; } = eventStream;

    public IScheduler Scheduler { get; } = scheduler;

    public Settings Settings { get; } = settings;

    public Mailboxes Mailboxes { get; } = mailboxes;
}

/// <summary>Makes the dispatchers of one section of the configuration.</summary>
public abstract class MessageDispatcherConfigurator
{
    protected MessageDispatcherConfigurator(Config config, IDispatcherPrerequisites prerequisites)
    {
        Config = config;
        Prerequisites = prerequisites;
    }

    public Config Config { get; }

    public IDispatcherPrerequisites Prerequisites { get; }

    /// <summary>The shared dispatcher, or a new one for each caller, as the type has it.</summary>
    public abstract MessageDispatcher Dispatcher();
}

/// <summary>Runs mailboxes on threads.</summary>
public abstract class MessageDispatcher
{
    private const int DefaultThroughput = 30;

    private int _inhabitants;
    private int _shutdownScheduled;

    protected MessageDispatcher(MessageDispatcherConfigurator configurator)
    {
        Configurator = configurator;
        var config = configurator.Config;
        Id = config.GetString("id", "");
        Throughput = Math.Max(1, config.GetInt("throughput", DefaultThroughput));
        ThroughputDeadlineTime = (long)config.GetTimeSpan("throughput-deadline-time", TimeSpan.Zero).TotalMilliseconds;
        ShutdownTimeout = config.GetTimeSpan("shutdown-timeout", TimeSpan.FromSeconds(1));
    }

    public string Id { get; protected set; }

    public MessageDispatcherConfigurator Configurator { get; }

    /// <summary>Messages that one actor handles before the thread goes on to another.</summary>
    public int Throughput { get; set; }

    /// <summary>Milliseconds after which a run ends before it reaches <see cref="Throughput"/>; 0 or less for never.</summary>
    public long? ThroughputDeadlineTime { get; protected set; }

    public TimeSpan ShutdownTimeout { get; protected set; }

    protected EventStream EventStream => Configurator.Prerequisites.EventStream;

    public void Schedule(Action run) => ExecuteTask(new ActionRunnable(run));

    public void Schedule(IRunnable run) => ExecuteTask(run);

    public virtual void Dispatch(ActorCell cell, Envelope envelope)
    {
        var mailbox = cell.Mailbox;
        mailbox.Enqueue(cell.Self, envelope);
        RegisterForExecution(mailbox, hasMessageHint: true, hasSystemMessageHint: false);
    }

    public virtual void SystemDispatch(ActorCell cell, SystemMessage message)
    {
        var mailbox = cell.Mailbox;
        mailbox.SystemEnqueue(cell.Self, message);
        RegisterForExecution(mailbox, hasMessageHint: false, hasSystemMessageHint: true);
    }

    public virtual void Attach(ActorCell cell)
    {
        Interlocked.Increment(ref _inhabitants);
        RegisterForExecution(cell.Mailbox, hasMessageHint: false, hasSystemMessageHint: true);
    }

    /// <summary>The actor has ended: what is left in its mailbox, and all that follows, are dead letters.</summary>
    public virtual void Detach(ActorCell cell)
    {
        var mailbox = cell.SwapMailbox(Configurator.Prerequisites.Mailboxes.DeadLetterMailbox);
        mailbox.BecomeClosed();
        mailbox.CleanUp();
        if (Interlocked.Decrement(ref _inhabitants) == 0) ShutdownUnlessUsed();
    }

    internal bool RegisterForExecution(Mailbox mailbox, bool hasMessageHint, bool hasSystemMessageHint)
    {
        if (!mailbox.CanBeScheduled(hasMessageHint, hasSystemMessageHint) || !mailbox.SetAsScheduled()) return false;
        ExecuteTask(mailbox);
        return true;
    }

    /// <summary>A run has ended; goes on later if something is left to do.</summary>
    internal void Reschedule(Mailbox mailbox)
    {
        if (mailbox.CanBeScheduled(false, false) && mailbox.SetAsScheduled()) ExecuteAgain(mailbox);
    }

    internal virtual Mailbox CreateMailbox(ActorCell cell, MailboxType mailboxType) => new(mailboxType.Create(cell.Self, cell.System));

    internal void Suspend(ActorCell cell) => cell.Mailbox.SuspendOnce();

    internal void Resume(ActorCell cell)
    {
        var mailbox = cell.Mailbox;
        if (mailbox.ResumeOnce()) RegisterForExecution(mailbox, hasMessageHint: false, hasSystemMessageHint: false);
    }

    /// <summary>Ends the threads. A later task starts them again.</summary>
    internal void ShutdownNow() => Shutdown();

    protected abstract void ExecuteTask(IRunnable run);

    /// <summary>Like <see cref="ExecuteTask"/>, for a mailbox that had its turn: others come before it.</summary>
    protected virtual void ExecuteAgain(IRunnable run) => ExecuteTask(run);

    protected abstract void Shutdown();

    private void ShutdownUnlessUsed()
    {
        if (Interlocked.Exchange(ref _shutdownScheduled, 1) == 1) return;
        try
        {
            Configurator.Prerequisites.Scheduler.Advanced.ScheduleOnce(ShutdownTimeout, () =>
            {
                Volatile.Write(ref _shutdownScheduled, 0);
                if (Volatile.Read(ref _inhabitants) == 0) Shutdown();
            });
        }
        catch (SchedulerException)
        {
            Shutdown();   // The system has ended, and its scheduler with it.
        }
    }
}
