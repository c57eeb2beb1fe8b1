using Akka.Actor;

namespace Akka.Routing;

/// <summary>Where a router sends to.</summary>
public class Routee
{
    public static readonly Routee NoRoutee = new NoRoutee();

    public virtual void Send(object message, IActorRef sender)
    {
    }

    public static Routee FromActorRef(IActorRef actorRef) => new ActorRefRoutee(actorRef);
}

internal sealed class NoRoutee : Routee;

public sealed class ActorRefRoutee(IActorRef actor) : Routee, IEquatable<ActorRefRoutee>
{
    public IActorRef Actor { get; } = actor;

    public override void Send(object message, IActorRef sender) => Actor.Tell(message, sender);

    public bool Equals(ActorRefRoutee other) => other is not null && Actor.Equals(other.Actor);

    public override bool Equals(object obj) => Equals(obj as ActorRefRoutee);

    public override int GetHashCode() => Actor.GetHashCode();

    public override string ToString() => Actor.Path.ToString();
}

public sealed class ActorSelectionRoutee(ActorSelection actor) : Routee, IEquatable<ActorSelectionRoutee>
{
    public ActorSelection Selection { get; } = actor;

    public override void Send(object message, IActorRef sender) => Selection.Tell(message, sender);

    public bool Equals(ActorSelectionRoutee other) => other is not null && Selection.Equals(other.Selection);

    public override bool Equals(object obj) => Equals(obj as ActorSelectionRoutee);

    public override int GetHashCode() => Selection.GetHashCode();

    public override string ToString() => Selection.PathString;
}

/// <summary>Several at once.</summary>
public sealed class SeveralRoutees(Routee[] routees) : Routee
{
    public override void Send(object message, IActorRef sender)
    {
        foreach (var routee in routees) routee.Send(message, sender);
    }
}
