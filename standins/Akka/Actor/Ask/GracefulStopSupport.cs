using Akka.Dispatch.SysMsg;

namespace Akka.Actor;

/// <summary>Stops an actor and waits for its end.</summary>
public static class GracefulStopSupport
{
    /// <summary>Sends a PoisonPill. True once the actor has ended.</summary>
    /// <exception cref="TaskCanceledException">It did not end in time. (Through the task.)</exception>
    public static Task<bool> GracefulStop(this IActorRef target, TimeSpan timeout) => target.GracefulStop(timeout, PoisonPill.Instance);

    public static async Task<bool> GracefulStop(this IActorRef target, TimeSpan timeout, object stopMessage)
    {
        var internalTarget = (IInternalActorRef)target;
        using var watching = new TerminationWatch(internalTarget);
        target.Tell(stopMessage, ActorRefs.NoSender);
        try
        {
            return await watching.Ended.WaitAsync(timeout).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            throw new TaskCanceledException($"{target} did not end within {timeout}.");
        }
    }
}

public static class WatchAsyncSupport
{
    /// <summary>True once the actor has ended; false if the token was cancelled before.</summary>
    public static async Task<bool> WatchAsync(this IActorRef target, CancellationToken token = default)
    {
        using var watching = new TerminationWatch((IInternalActorRef)target);
        try
        {
            return await watching.Ended.WaitAsync(token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }
}

/// <summary>Watches one actor from outside of any.</summary>
internal sealed class TerminationWatch : IDisposable
{
    private readonly IInternalActorRef _target;
    private readonly Internal.FutureActorRef<Terminated> _watcher;

    public TerminationWatch(IInternalActorRef target)
    {
        _target = target;
        _watcher = new Internal.FutureActorRef<Terminated>(target.Provider);
        Ended = _watcher.Task.ContinueWith(
            static task => task.GetAwaiter().GetResult().ActorRef is not null, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        target.SendSystemMessage(new Watch(target, _watcher));
    }

    public Task<bool> Ended { get; }

    public void Dispose()
    {
        if (_watcher.IsTerminated) return;
        _target.SendSystemMessage(new Unwatch(_target, _watcher));
        _watcher.Stop();
        // The watch was given up, so nobody is left to see how it ended.
        _ = Ended.ContinueWith(static task => task.Exception, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
    }
}
