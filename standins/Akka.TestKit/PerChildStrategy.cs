using System.Collections.Concurrent;
using Akka.Actor;
using Akka.Actor.Internal;
using Akka.Util;

namespace Akka.TestKit;

/// <summary>A strategy of its own for some children, the default one for the others.</summary>
internal sealed class PerChildStrategy : SupervisorStrategy
{
    private readonly ConcurrentDictionary<IActorRef, SupervisorStrategy> _strategies = new();

    public override IDecider Decider => DefaultStrategy.Decider;

    public void Set(IActorRef child, SupervisorStrategy strategy) => _strategies[child] = strategy;

    public override void HandleChildTerminated(IActorContext actorContext, IActorRef child, IEnumerable<IInternalActorRef> children)
    {
        For(child).HandleChildTerminated(actorContext, child, children);
        _strategies.TryRemove(child, out _);
    }

    public override void ProcessFailure(
        IActorContext context, bool restart, IActorRef child, Exception cause, ChildRestartStats stats, IReadOnlyCollection<ChildRestartStats> children) =>
        For(child).ProcessFailure(context, restart, child, cause, stats, children);

    public override ISurrogate ToSurrogate(ActorSystem system) => throw new NotSupportedException("A test actor's strategy stays in its process.");

    protected override Directive Handle(IActorRef child, Exception exception) => For(child).Decider.Decide(exception);

    private SupervisorStrategy For(IActorRef child) => _strategies.GetValueOrDefault(child, DefaultStrategy);
}
