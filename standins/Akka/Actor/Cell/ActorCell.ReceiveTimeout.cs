namespace Akka.Actor;

public partial class ActorCell
{
    private ReceiveTimeoutState _receiveTimeout;   // Null unless a timeout is set.

    public TimeSpan? ReceiveTimeout => _receiveTimeout?.After;

    public void SetReceiveTimeout(TimeSpan? timeout)
    {
        CancelReceiveTimeout();
        _receiveTimeout = timeout is { } after && after > TimeSpan.Zero ? new ReceiveTimeoutState { After = after } : null;
        if (_receiveTimeout is not null && CurrentMessage is null) ScheduleReceiveTimeout();   // Else it starts after the message.
    }

    private void BeforeReceive(object message)
    {
        if (message is not INotInfluenceReceiveTimeout) CancelReceiveTimeout();
    }

    private void AfterReceive(object message)
    {
        if (message is INotInfluenceReceiveTimeout && _receiveTimeout.Pending is not null) return;
        CancelReceiveTimeout();
        ScheduleReceiveTimeout();
    }

    private void ScheduleReceiveTimeout() =>
        _receiveTimeout.Pending = System.Scheduler.ScheduleTellOnceCancelable(_receiveTimeout.After, Self, Akka.Actor.ReceiveTimeout.Instance, Self);

    private void CancelReceiveTimeout()
    {
        if (_receiveTimeout is not { Pending: { } pending }) return;
        pending.Cancel();
        _receiveTimeout.Pending = null;
    }

    private sealed class ReceiveTimeoutState
    {
        public TimeSpan After;
        public ICancelable Pending;
    }
}
