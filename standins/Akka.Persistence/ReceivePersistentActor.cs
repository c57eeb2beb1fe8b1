using Akka.Actor;

namespace Akka.Persistence;

/// <summary>
/// A persistent actor that declares, in its constructor, a handler for each type of command, and of what recovery brings.
/// Become replaces the handlers of commands.
/// </summary>
public abstract class ReceivePersistentActor : UntypedPersistentActor
{
    private readonly MessageHandlers _recovers = new();
    private MessageHandlers _commands = new();
    private bool _configuring = true;   // From here to the end of the constructor, and inside Become.

    private MessageHandlers Recovers
    {
        get
        {
            ThrowUnlessConfiguring("Recover");
            return _recovers;
        }
    }

    private MessageHandlers Commands
    {
        get
        {
            ThrowUnlessConfiguring("Command");
            return _commands;
        }
    }

    public override void AroundPreStart()
    {
        _configuring = false;
        base.AroundPreStart();
    }

    public override void AroundPostRestart(Exception reason, object message)
    {
        _configuring = false;
        base.AroundPostRestart(reason, message);
    }

    private protected sealed override bool RecoverCore(object message) => _recovers.TryHandle(message);

    private protected sealed override bool CommandCore(object message) => _commands.TryHandle(message);

    protected sealed override void OnRecover(object message) => RecoverCore(message);

    protected sealed override void OnCommand(object message) => CommandCore(message);

    /// <summary>Puts the handlers that <paramref name="configure"/> declares in place of the present ones.</summary>
    protected void Become(Action configure) => base.Become(Configure(configure));

    /// <summary>As Become, but <see cref="ActorBase.UnbecomeStacked"/> returns to the present ones.</summary>
    protected void BecomeStacked(Action configure) => base.BecomeStacked(Configure(configure));

    protected void Recover<T>(Action<T> handler, Predicate<T> shouldHandle = null) => Recovers.Add(handler, shouldHandle);

    protected void Recover<T>(Predicate<T> shouldHandle, Action<T> handler) => Recovers.Add(handler, shouldHandle);

    protected void Recover<T>(Func<T, bool> handler) => Recovers.Add(handler);

    protected void Recover(Type messageType, Action<object> handler, Predicate<object> shouldHandle = null) =>
        Recovers.Add(messageType, handler, shouldHandle);

    protected void Recover(Type messageType, Predicate<object> shouldHandle, Action<object> handler) =>
        Recovers.Add(messageType, handler, shouldHandle);

    protected void Recover(Type messageType, Func<object, bool> handler) => Recovers.Add(messageType, handler);

    /// <summary>Takes whatever no handler before it took. Must be the last.</summary>
    protected void RecoverAny(Action<object> handler) => Recovers.Add(handler, null);

    protected void Command<T>(Action<T> handler, Predicate<T> shouldHandle = null) => Commands.Add(handler, shouldHandle);

    protected void Command<T>(Predicate<T> shouldHandle, Action<T> handler) => Commands.Add(handler, shouldHandle);

    protected void Command<T>(Func<T, bool> handler) => Commands.Add(handler);

    protected void Command(Type messageType, Action<object> handler, Predicate<object> shouldHandle = null) =>
        Commands.Add(messageType, handler, shouldHandle);

    protected void Command(Type messageType, Predicate<object> shouldHandle, Action<object> handler) =>
        Commands.Add(messageType, handler, shouldHandle);

    protected void Command(Type messageType, Func<object, bool> handler) => Commands.Add(messageType, handler);

    protected void Command(Action<object> handler) => Commands.Add(handler, null);

    /// <summary>Takes whatever no handler before it took. Must be the last.</summary>
    protected void CommandAny(Action<object> handler) => Commands.Add(handler, null);

    /// <summary>An asynchronous handler: the next command waits for its end, and events persisted in it are written then.</summary>
    protected void CommandAsync<T>(Func<T, Task> handler, Predicate<T> shouldHandle = null) => Commands.Add(Async(handler), shouldHandle);

    protected void CommandAsync<T>(Predicate<T> shouldHandle, Func<T, Task> handler) => Commands.Add(Async(handler), shouldHandle);

    protected void CommandAsync(Type messageType, Func<object, Task> handler, Predicate<object> shouldHandle = null) =>
        Commands.Add(messageType, Async(handler), shouldHandle);

    protected void CommandAsync(Type messageType, Predicate<object> shouldHandle, Func<object, Task> handler) =>
        Commands.Add(messageType, Async(handler), shouldHandle);

    protected void CommandAnyAsync(Func<object, Task> handler) => Commands.Add(Async(handler), null);

    private Action<T> Async<T>(Func<T, Task> handler)
    {
        ArgumentNullException.ThrowIfNull(handler);
        return message => RunTask(() => handler(message));
    }

    private void ThrowUnlessConfiguring(string method)
    {
        if (!_configuring)
            throw new InvalidOperationException($"{method}-methods may only be called when constructing the actor and inside Become().");
    }

    private Receive Configure(Action configure)
    {
        var (outer, wasConfiguring) = (_commands, _configuring);
        var inner = new MessageHandlers();
        (_commands, _configuring) = (inner, true);
        try
        {
            configure();
        }
        finally
        {
            (_commands, _configuring) = (outer, wasConfiguring);
        }

        return inner.TryHandle;
    }
}
