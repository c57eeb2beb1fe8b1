using Akka.Actor;

namespace ActorInference.Roles.Workers;

/// <summary>Whether a worker is finishing what it has and takes no more, and who waits for that.</summary>
internal sealed class Drain
{
    private readonly HashSet<IActorRef> _waiting = [];

    public bool IsOn { get; private set; }

    /// <summary>Jobs that did not end in time.</summary>
    public int HandedOver { get; set; }

    public void Begin(IActorRef waiting)
    {
        if (!IsOn) HandedOver = 0;
        IsOn = true;
        _waiting.Add(waiting);
    }

    /// <returns>Those who waited in vain.</returns>
    public IReadOnlyList<IActorRef> End()
    {
        IsOn = false;
        return TakeWaiting();
    }

    /// <returns>Those who wait, who are told once.</returns>
    public IReadOnlyList<IActorRef> TakeWaiting()
    {
        var waiting = _waiting.ToList();
        _waiting.Clear();
        return waiting;
    }
}
