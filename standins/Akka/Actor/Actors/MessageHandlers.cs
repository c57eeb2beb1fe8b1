namespace Akka.Actor;

/// <summary>Handlers in the order of their declaration; the first that fits gets the message.</summary>
internal sealed class MessageHandlers
{
    private const int InitialCapacity = 4;

    private Handler[] _handlers = [];
    private int _count;
    private bool _complete;   // A handler of everything has been added.

    public bool TryHandle(object message)
    {
        var handlers = _handlers;
        for (var i = 0; i < _count; i++)
        {
            if (handlers[i].TryHandle(message)) return true;
        }

        return false;
    }

    public void Add<T>(Action<T> handler, Predicate<T> shouldHandle)
    {
        ArgumentNullException.ThrowIfNull(handler);
        Append(shouldHandle is null ? new Typed<T>(handler) : new Guarded<T>(handler, shouldHandle), shouldHandle is null && typeof(T) == typeof(object));
    }

    public void Add<T>(Func<T, bool> handler)
    {
        ArgumentNullException.ThrowIfNull(handler);
        Append(new Choosing<T>(handler), false);
    }

    public void Add(Type messageType, Action<object> handler, Predicate<object> shouldHandle)
    {
        ArgumentNullException.ThrowIfNull(messageType);
        ArgumentNullException.ThrowIfNull(handler);
        Append(new Untyped(messageType, message =>
        {
            if (shouldHandle is not null && !shouldHandle(message)) return false;
            handler(message);
            return true;
        }), shouldHandle is null && messageType == typeof(object));
    }

    public void Add(Type messageType, Func<object, bool> handler)
    {
        ArgumentNullException.ThrowIfNull(messageType);
        ArgumentNullException.ThrowIfNull(handler);
        Append(new Untyped(messageType, handler), false);
    }

    private void Append(Handler handler, bool takesAll)
    {
        if (_complete)
            throw new InvalidOperationException("A handler that catches all messages has been added. No handler can be added after that.");
        if (_count == _handlers.Length) Array.Resize(ref _handlers, Math.Max(InitialCapacity, _count * 2));
        _handlers[_count++] = handler;
        _complete = takesAll;
    }

    private abstract class Handler
    {
        public abstract bool TryHandle(object message);
    }

    private sealed class Typed<T>(Action<T> handler) : Handler
    {
        public override bool TryHandle(object message)
        {
            if (message is not T typed) return false;
            handler(typed);
            return true;
        }
    }

    private sealed class Guarded<T>(Action<T> handler, Predicate<T> shouldHandle) : Handler
    {
        public override bool TryHandle(object message)
        {
            if (message is not T typed || !shouldHandle(typed)) return false;
            handler(typed);
            return true;
        }
    }

    private sealed class Choosing<T>(Func<T, bool> handler) : Handler
    {
        public override bool TryHandle(object message) => message is T typed && handler(typed);
    }

    private sealed class Untyped(Type messageType, Func<object, bool> handler) : Handler
    {
        public override bool TryHandle(object message) => messageType.IsInstanceOfType(message) && handler(message);
    }
}
