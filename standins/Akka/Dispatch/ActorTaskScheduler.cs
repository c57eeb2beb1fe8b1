using System.Runtime.ExceptionServices;
using Akka.Actor;
using Akka.Actor.Internal;
using Akka.Dispatch.SysMsg;

namespace Akka.Dispatch;

/// <summary>
/// Runs one asynchronous handler within its actor: each continuation comes back to the actor as a system message, with
/// the message and sender that the handler was called for. The actor's user messages wait meanwhile.
/// </summary>
public class ActorTaskScheduler : TaskScheduler
{
    private readonly ActorCell _cell;
    private readonly IActorRef _sender;

    internal ActorTaskScheduler(ActorCell cell)
    {
        _cell = cell;
        _sender = cell.SenderOrNull;
        CurrentMessage = cell.CurrentMessage;
    }

    public object CurrentMessage { get; }

    public override int MaximumConcurrencyLevel => 1;

    public static void RunTask(Action action) => RunTask(() =>
    {
        action();
        return Task.CompletedTask;
    });

    /// <summary>Runs the step up to its first await at once, the rest as the awaited things complete.</summary>
    /// <exception cref="InvalidOperationException">No actor runs on this thread.</exception>
    public static void RunTask(Func<Task> asyncAction)
    {
        var cell = InternalCurrentActorCellKeeper.Current
            ?? throw new InvalidOperationException("RunTask must be called from within an actor.");
        var scheduler = new ActorTaskScheduler(cell);
        // Run inline but with this scheduler current, so that every await inside captures it.
        var starter = new Task<Task>(asyncAction);
        starter.RunSynchronously(scheduler);
        var task = starter.GetAwaiter().GetResult();
        if (task is null || task.IsCompletedSuccessfully) return;
        if (task.IsCompleted) task.GetAwaiter().GetResult();   // Throws what the step threw, to the supervisor.

        cell.SuspendForTask();
        task.ContinueWith(
            static (done, state) => ((ActorTaskScheduler)state).Complete(done),
            scheduler,
            CancellationToken.None,
            TaskContinuationOptions.ExecuteSynchronously,
            Default);
    }

    protected override IEnumerable<Task> GetScheduledTasks() => [];

    protected override void QueueTask(Task task) =>
        _cell.SendSystemMessage(new ActorTaskSchedulerMessage(() => _cell.RunWithin(CurrentMessage, _sender, () => TryExecuteTask(task))));

    protected override bool TryExecuteTaskInline(Task task, bool taskWasPreviouslyQueued) =>
        // A queued task comes by its message. Inline is right only on the actor's own thread.
        !taskWasPreviouslyQueued && ReferenceEquals(InternalCurrentActorCellKeeper.Current, _cell) && TryExecuteTask(task);

    private void Complete(Task done) =>
        _cell.SendSystemMessage(new ActorTaskSchedulerMessage(() => _cell.RunWithin(CurrentMessage, _sender, () =>
        {
            _cell.ResumeAfterTask();
            if (!done.IsCompletedSuccessfully) ExceptionDispatchInfo.Capture(Failure(done)).Throw();
        })));

    private static Exception Failure(Task task) => task.IsCanceled ? new TaskCanceledException(task) : task.Exception!.InnerException!;
}
