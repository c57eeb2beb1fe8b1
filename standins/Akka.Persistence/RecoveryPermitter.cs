using Akka.Actor;

namespace Akka.Persistence;

/// <summary>Limits how many actors recover at a time, so that a restart does not overrun the journal.</summary>
internal sealed class RecoveryPermitter : UntypedActor
{
    private readonly int _maxRecoveries;
    private readonly Queue<IActorRef> _waiting = new();
    private readonly HashSet<IActorRef> _recovering = [];

    /// <param name="maxRecoveries">Permits; 0 or less is without limit.</param>
    public RecoveryPermitter(int maxRecoveries) => _maxRecoveries = maxRecoveries <= 0 ? int.MaxValue : maxRecoveries;

    internal sealed record RequestPermit
    {
        public static readonly RequestPermit Instance = new();
    }

    internal sealed record PermitGranted
    {
        public static readonly PermitGranted Instance = new();
    }

    internal sealed record ReturnPermit
    {
        public static readonly ReturnPermit Instance = new();
    }

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case RequestPermit:
                Context.Watch(Sender);
                _waiting.Enqueue(Sender);
                GrantNext();
                break;
            case ReturnPermit:
                Context.Unwatch(Sender);
                Return(Sender);
                break;
            case Terminated terminated:
                Return(terminated.ActorRef);
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    private void Return(IActorRef actor)
    {
        if (_recovering.Remove(actor)) GrantNext();
        else DropWaiting(actor);
    }

    private void DropWaiting(IActorRef actor)
    {
        for (var left = _waiting.Count; left > 0; left--)
        {
            var next = _waiting.Dequeue();
            if (!next.Equals(actor)) _waiting.Enqueue(next);
        }
    }

    private void GrantNext()
    {
        while (_recovering.Count < _maxRecoveries && _waiting.TryDequeue(out var next))
        {
            _recovering.Add(next);
            next.Tell(PermitGranted.Instance);
        }
    }
}
