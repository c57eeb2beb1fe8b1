namespace Akka.Actor;

/// <summary>Sends the outcome of a task to an actor.</summary>
public static class PipeToSupport
{
    /// <summary>
    /// Tells the recipient the result, or what <paramref name="success"/> makes of it; on failure a
    /// <see cref="Status.Failure"/>, or what <paramref name="failure"/> makes of it.
    /// </summary>
    /// <returns>A task that ends when the outcome has been sent; it never fails for the piped task's sake.</returns>
    public static Task PipeTo<T>(
        this Task<T> taskToPipe, ICanTell recipient, IActorRef sender = null, Func<T, object> success = null, Func<Exception, object> failure = null) =>
        Pipe(taskToPipe, recipient, sender, success, failure);

    public static Task PipeTo<T>(
        this Task<T> taskToPipe, ICanTell recipient, bool useConfigureAwait, IActorRef sender = null, Func<T, object> success = null,
        Func<Exception, object> failure = null) => Pipe(taskToPipe, recipient, sender, success, failure);

    public static Task PipeTo<T>(
        this ValueTask<T> taskToPipe, ICanTell recipient, IActorRef sender = null, Func<T, object> success = null, Func<Exception, object> failure = null) =>
        Pipe(taskToPipe.AsTask(), recipient, sender, success, failure);

    public static Task PipeTo<T>(
        this ValueTask<T> taskToPipe, ICanTell recipient, bool useConfigureAwait, IActorRef sender = null, Func<T, object> success = null,
        Func<Exception, object> failure = null) => Pipe(taskToPipe.AsTask(), recipient, sender, success, failure);

    /// <summary>As the others; on success it sends only what <paramref name="success"/> makes, if that is given.</summary>
    public static Task PipeTo(
        this Task taskToPipe, ICanTell recipient, IActorRef sender = null, Func<object> success = null, Func<Exception, object> failure = null) =>
        Pipe(taskToPipe, recipient, sender, success, failure);

    public static Task PipeTo(
        this Task taskToPipe, ICanTell recipient, bool useConfigureAwait, IActorRef sender = null, Func<object> success = null,
        Func<Exception, object> failure = null) => Pipe(taskToPipe, recipient, sender, success, failure);

    public static Task PipeTo(
        this ValueTask taskToPipe, ICanTell recipient, IActorRef sender = null, Func<object> success = null, Func<Exception, object> failure = null) =>
        Pipe(taskToPipe.AsTask(), recipient, sender, success, failure);

    public static Task PipeTo(
        this ValueTask taskToPipe, ICanTell recipient, bool useConfigureAwait, IActorRef sender = null, Func<object> success = null,
        Func<Exception, object> failure = null) => Pipe(taskToPipe.AsTask(), recipient, sender, success, failure);

    private static async Task Pipe<T>(Task<T> task, ICanTell recipient, IActorRef sender, Func<T, object> success, Func<Exception, object> failure)
    {
        try
        {
            // Not on the actor's own scheduler: nobody need wait for the actor to send it a message.
            var result = await task.ConfigureAwait(false);
            recipient.Tell(success is null ? result : success(result), sender);
        }
        catch (Exception e)
        {
            recipient.Tell(failure is null ? new Status.Failure(e) : failure(e), sender);
        }
    }

    private static async Task Pipe(Task task, ICanTell recipient, IActorRef sender, Func<object> success, Func<Exception, object> failure)
    {
        try
        {
            await task.ConfigureAwait(false);
            if (success is not null) recipient.Tell(success(), sender);
        }
        catch (Exception e)
        {
            recipient.Tell(failure is null ? new Status.Failure(e) : failure(e), sender);
        }
    }
}
