using Akka.Dispatch;

namespace Akka.Actor;

/// <summary>
/// An actor that declares a handler for each type of message, in its constructor and in Become. The first declared
/// handler that takes a message gets it. An asynchronous handler holds up all user messages until its task has ended.
/// </summary>
public abstract class ReceiveActor : UntypedActor
{
    private MessageHandlers _handlers = new();
    private bool _configuring = true;   // From here to the end of the constructor, and inside Become.

    private MessageHandlers Handlers
    {
        get
        {
            if (!_configuring)
                throw new InvalidOperationException("You may only call Receive-methods when constructing the actor and inside Become().");
            return _handlers;
        }
    }

    private protected sealed override bool ReceiveCore(object message) => _handlers.TryHandle(message);

    protected sealed override void OnReceive(object message) => ReceiveCore(message);

    internal void EndConstruction() => _configuring = false;

    /// <summary>Puts the handlers that <paramref name="configure"/> declares in place of the present ones.</summary>
    protected void Become(Action configure) => base.Become(Configure(configure));

    /// <summary>As Become, but <see cref="ActorBase.UnbecomeStacked"/> returns to the present ones.</summary>
    protected void BecomeStacked(Action configure) => base.BecomeStacked(Configure(configure));

    protected void Receive<T>(Action<T> handler, Predicate<T> shouldHandle = null) => Handlers.Add(handler, shouldHandle);

    protected void Receive<T>(Predicate<T> shouldHandle, Action<T> handler) => Handlers.Add(handler, shouldHandle);

    protected void Receive<T>(Func<T, bool> handler) => Handlers.Add(handler);

    protected void Receive(Type messageType, Action<object> handler, Predicate<object> shouldHandle = null) =>
        Handlers.Add(messageType, handler, shouldHandle);

    protected void Receive(Type messageType, Predicate<object> shouldHandle, Action<object> handler) =>
        Handlers.Add(messageType, handler, shouldHandle);

    protected void Receive(Type messageType, Func<object, bool> handler) => Handlers.Add(messageType, handler);

    /// <summary>Takes whatever no handler before it took. Must be the last.</summary>
    protected void ReceiveAny(Action<object> handler) => Handlers.Add(handler, null);

    protected void ReceiveAsync<T>(Func<T, Task> handler, Predicate<T> shouldHandle = null) => Handlers.Add(Async(handler), shouldHandle);

    protected void ReceiveAsync<T>(Predicate<T> shouldHandle, Func<T, Task> handler) => Handlers.Add(Async(handler), shouldHandle);

    protected void ReceiveAsync(Type messageType, Func<object, Task> handler, Predicate<object> shouldHandle = null) =>
        Handlers.Add(messageType, Async(handler), shouldHandle);

    protected void ReceiveAsync(Type messageType, Predicate<object> shouldHandle, Func<object, Task> handler) =>
        Handlers.Add(messageType, Async(handler), shouldHandle);

    protected void ReceiveAnyAsync(Func<object, Task> handler) => Handlers.Add(Async(handler), null);

    private static Action<T> Async<T>(Func<T, Task> handler)
    {
        ArgumentNullException.ThrowIfNull(handler);
        return message => ActorTaskScheduler.RunTask(() => handler(message));
    }

    private Receive Configure(Action configure)
    {
        var (outer, wasConfiguring) = (_handlers, _configuring);
        var inner = new MessageHandlers();
        (_handlers, _configuring) = (inner, true);
        try
        {
            configure();
        }
        finally
        {
            (_handlers, _configuring) = (outer, wasConfiguring);
        }

        return inner.TryHandle;
    }
}
