using Akka.Actor.Internal;

namespace Akka.Actor;

/// <summary>Sends a message and makes a task of the answer.</summary>
public static class Futures
{
    /// <summary>Completes with the first answer. A <see cref="Status.Failure"/> faults it with its cause.</summary>
    /// <exception cref="AskTimeoutException">No answer came in time. (Through the task.)</exception>
    public static Task<object> Ask(this ICanTell self, object message, TimeSpan? timeout = null) =>
        self.Ask<object>(message, timeout, CancellationToken.None);

    public static Task<object> Ask(this ICanTell self, object message, CancellationToken cancellationToken) =>
        self.Ask<object>(message, null, cancellationToken);

    public static Task<object> Ask(this ICanTell self, object message, TimeSpan? timeout, CancellationToken cancellationToken) =>
        self.Ask<object>(message, timeout, cancellationToken);

    public static Task<T> Ask<T>(this ICanTell self, object message, TimeSpan? timeout = null) => self.Ask<T>(message, timeout, CancellationToken.None);

    public static Task<T> Ask<T>(this ICanTell self, object message, CancellationToken cancellationToken) => self.Ask<T>(message, null, cancellationToken);

    /// <param name="timeout">Null for <c>akka.actor.ask-timeout</c>; negative for ever.</param>
    /// <exception cref="ArgumentException">The answer is of another type than <typeparamref name="T"/>. (Through the task.)</exception>
    public static Task<T> Ask<T>(this ICanTell self, object message, TimeSpan? timeout, CancellationToken cancellationToken) =>
        Start<T>(self, message, null, timeout, cancellationToken);

    /// <param name="messageFactory">Makes the message from the reference that waits for the answer.</param>
    public static Task<T> Ask<T>(
        this ICanTell self, Func<IActorRef, object> messageFactory, TimeSpan? timeout = null, CancellationToken cancellationToken = default) =>
        Start<T>(self, null, messageFactory, timeout, cancellationToken);

    internal static IActorRefProvider ResolveProvider(ICanTell self) => self switch
    {
        ActorSelection selection => ResolveProvider(selection.Anchor),
        IInternalActorRef actor => actor.Provider,
        _ => InternalCurrentActorCellKeeper.Current?.SystemImpl.Provider
            ?? throw new ArgumentException($"Unable to resolve the target Provider of {self}", nameof(self)),
    };

    private static Task<T> Start<T>(
        ICanTell self, object message, Func<IActorRef, object> messageFactory, TimeSpan? timeout, CancellationToken cancellationToken)
    {
        var provider = ResolveProvider(self);
        var limit = timeout ?? provider.Settings.AskTimeout;
        if (limit == TimeSpan.Zero) limit = Timeout.InfiniteTimeSpan;
        var future = new FutureActorRef<T>(provider);
        future.Expect(limit, cancellationToken);
        try
        {
            self.Tell(messageFactory is null ? message : messageFactory(future), future);
        }
        catch
        {
            future.Stop();
            throw;
        }

        return future.Task;
    }
}
