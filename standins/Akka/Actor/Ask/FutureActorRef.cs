using Akka.Dispatch.SysMsg;

namespace Akka.Actor.Internal;

/// <summary>
/// The sender of an Ask: takes one answer. Most answers come by reference, so it gets a path below /temp, and is
/// registered there, only when somebody asks for the path; to serialize it, say.
/// </summary>
internal sealed class FutureActorRef<T>(IActorRefProvider provider) : MinimalActorRef
{
    private readonly TaskCompletionSource<T> _answer = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private ActorPath _path;
    private Waiting _waiting;
    private HashSet<IInternalActorRef> _watchers;

    public Task<T> Task => _answer.Task;

    public override ActorPath Path => Volatile.Read(ref _path) ?? Register();

    public override IActorRefProvider Provider => provider;

    public override IInternalActorRef Parent => provider.TempContainer;

    public override bool IsTerminated => _answer.Task.IsCompleted;

    /// <summary>Limits the wait. To be called before the question is asked.</summary>
    /// <param name="timeout">Negative for no limit.</param>
    public void Expect(TimeSpan timeout, CancellationToken cancellationToken)
    {
        if (timeout > TimeSpan.Zero || cancellationToken.CanBeCanceled) _waiting = new Waiting(this, timeout, cancellationToken);
    }

    public override void Stop()
    {
        if (_answer.TrySetException(new ActorKilledException("The reference that waited for the answer was stopped."))) Finish();
    }

    public override void SendSystemMessage(ISystemMessage message)
    {
        switch (message)
        {
            case Terminate:
                Stop();
                break;
            case DeathWatchNotification end:
                Tell(new Terminated(end.Actor, end.ExistenceConfirmed, end.AddressTerminated), ActorRefs.NoSender);
                break;
            case Watch watch:
                AddWatcher(watch);
                break;
            case Unwatch unwatch:
                lock (_answer) _watchers?.Remove(unwatch.Watcher);
                break;
        }
    }

    protected override void TellInternal(object message, IActorRef sender)
    {
        switch (message)
        {
            case PoisonPill or Kill:
                Stop();
                return;
            case Identify identify:
                sender?.Tell(new ActorIdentity(identify.MessageId, this), this);
                return;
        }

        var first = message switch
        {
            Status.Failure failure when typeof(T) != typeof(Status.Failure) && typeof(T) != typeof(Status) =>
                _answer.TrySetException(failure.Cause ?? new TaskCanceledException("Task cancelled by actor via Failure message.")),
            T answer => _answer.TrySetResult(answer),
            _ => _answer.TrySetException(new ArgumentException(
                $"Received message of type [{message.GetType()}] - Ask expected message of type [{typeof(T)}]")),
        };

        if (first) Finish();
        else provider.DeadLetters.Tell(new Event.DeadLetter(message, sender, this), sender);
    }

    private ActorPath Register()
    {
        lock (_answer)
        {
            if (_path is not null) return _path;
            var path = provider.TempPath("future");
            if (!_answer.Task.IsCompleted) provider.RegisterTempActor(this, path);
            Volatile.Write(ref _path, path);
            return path;
        }
    }

    private void AddWatcher(Watch watch)
    {
        lock (_answer)
        {
            if (!_answer.Task.IsCompleted)
            {
                (_watchers ??= []).Add(watch.Watcher);
                return;
            }
        }

        watch.Watcher.SendSystemMessage(new DeathWatchNotification(this, existenceConfirmed: true, addressTerminated: false));
    }

    private void Finish()
    {
        _waiting?.Dispose();
        HashSet<IInternalActorRef> watchers;
        lock (_answer)
        {
            if (_path is not null) provider.UnregisterTempActor(_path);
            watchers = _watchers;
            _watchers = null;
        }

        if (watchers is null) return;
        foreach (var watcher in watchers)
            watcher.SendSystemMessage(new DeathWatchNotification(this, existenceConfirmed: true, addressTerminated: false));
    }

    private void TimeOut(TimeSpan after)
    {
        if (_answer.TrySetException(new AskTimeoutException($"Timeout after {after}"))) Finish();
    }

    private void CallOff(CancellationToken token)
    {
        if (_answer.TrySetCanceled(token)) Finish();
    }

    /// <summary>A timer, a cancellation, or both, for one wait.</summary>
    private sealed class Waiting : IDisposable
    {
        private readonly Timer _timer;
        private readonly CancellationTokenRegistration _registration;

        public Waiting(FutureActorRef<T> owner, TimeSpan timeout, CancellationToken token)
        {
            if (timeout > TimeSpan.Zero)
                _timer = new Timer(state => ((FutureActorRef<T>)state).TimeOut(timeout), owner, timeout, Timeout.InfiniteTimeSpan);
            if (token.CanBeCanceled)
                _registration = token.UnsafeRegister(static (state, t) => ((FutureActorRef<T>)state).CallOff(t), owner);
        }

        public void Dispose()
        {
            _timer?.Dispose();
            _registration.Unregister();
        }
    }
}
