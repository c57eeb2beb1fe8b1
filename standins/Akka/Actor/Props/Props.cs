using System.Linq.Expressions;
using Akka.Dispatch;
using Akka.Routing;
using Akka.Util;

namespace Akka.Actor;

/// <summary>The recipe of an actor. Immutable and shareable; one recipe can make any number of actors.</summary>
public class Props : IEquatable<Props>, ISurrogated
{
    public static readonly Props None = new(new ActivatorProducer(typeof(ActorBase), []), Deploy.None, null);
    private static readonly object[] NoArgs = [];
    private static readonly Deploy DefaultDeploy = new();

    private readonly IIndirectActorProducer _producer;

    private Props(IIndirectActorProducer producer, Deploy deploy, SupervisorStrategy supervisorStrategy, object[] arguments = null)
    {
        _producer = producer;
        Deploy = deploy;
        SupervisorStrategy = supervisorStrategy;
        Arguments = arguments ?? NoArgs;
    }

    public static Props Empty { get; } = Create<EmptyActor>();

    public Type Type => _producer.ActorType;

    public string TypeName => Type.AssemblyQualifiedName;

    public object[] Arguments { get; }

    public Deploy Deploy { get; }

    /// <summary>What the recipe says, ahead of the actor's own <c>SupervisorStrategy()</c>; null to leave it to that.</summary>
    public SupervisorStrategy SupervisorStrategy { get; }

    public string Dispatcher => Deploy.Dispatcher == Deploy.NoDispatcherGiven ? Dispatchers.DefaultDispatcherId : Deploy.Dispatcher;

    public string Mailbox => Deploy.Mailbox == Deploy.NoMailboxGiven ? Mailboxes.DefaultMailboxId : Deploy.Mailbox;

    public RouterConfig RouterConfig => Deploy.RouterConfig;

    internal IIndirectActorProducer Producer => _producer;

    /// <summary>Takes apart <c>() => new TActor(arguments)</c>: the arguments are evaluated now, once.</summary>
    /// <exception cref="ArgumentException">The expression is not a plain constructor call.</exception>
    public static Props Create<TActor>(Expression<Func<TActor>> factory, SupervisorStrategy supervisorStrategy = null)
        where TActor : ActorBase
    {
        if (factory.Body is UnaryExpression) throw new ArgumentException("Do not use dynamic typing in Props.Create.", nameof(factory));
        if (factory.Body is not NewExpression call)
            throw new ArgumentException("The create function must be a 'new T (args)' expression.", nameof(factory));
        var arguments = ExpressionArguments.Evaluate(call);
        var producer = call.Constructor is null
            ? new ActivatorProducer(typeof(TActor), arguments)
            : new ActivatorProducer(call.Constructor, arguments);
        return new Props(producer, DefaultDeploy, supervisorStrategy, arguments);
    }

    public static Props Create<TActor>(params object[] args)
        where TActor : ActorBase => Create(typeof(TActor), args);

    public static Props Create<TActor>(SupervisorStrategy supervisorStrategy)
        where TActor : ActorBase, new() => new(new ActivatorProducer(typeof(TActor), NoArgs), DefaultDeploy, supervisorStrategy);

    public static Props Create(Type type, params object[] args)
    {
        ArgumentNullException.ThrowIfNull(type);
        args ??= NoArgs;
        return new Props(new ActivatorProducer(type, args), DefaultDeploy, null, args);
    }

    public static Props CreateBy<TProducer>(params object[] args)
        where TProducer : class, IIndirectActorProducer =>
        CreateBy((IIndirectActorProducer)Activator.CreateInstance(typeof(TProducer), args), args);

    public static Props CreateBy(IIndirectActorProducer producer, params object[] args)
    {
        ArgumentNullException.ThrowIfNull(producer);
        return new Props(producer, DefaultDeploy, null, args);
    }

    public Props WithMailbox(string mailbox) => WithDeploy(Deploy.WithMailbox(mailbox));

    public Props WithDispatcher(string dispatcher) => WithDeploy(Deploy.WithDispatcher(dispatcher));

    public Props WithRouter(RouterConfig routerConfig) => WithDeploy(Deploy.WithRouterConfig(routerConfig));

    /// <summary>Limits the stash of an actor with <see cref="IWithBoundedStash"/>.</summary>
    public Props WithStashCapacity(int stashCapacity) => WithDeploy(Deploy.WithStashCapacity(stashCapacity));

    public Props WithDeploy(Deploy deploy) => new(_producer, deploy.WithFallback(Deploy), SupervisorStrategy, Arguments);

    /// <summary>The recipe of the routees, without the router's part.</summary>
    internal Props WithoutRouter() => new(_producer, Deploy.WithRouterConfig(NoRouter.Instance), SupervisorStrategy, Arguments);

    public Props WithSupervisorStrategy(SupervisorStrategy supervisorStrategy) => new(_producer, Deploy, supervisorStrategy, Arguments);

    /// <exception cref="TypeLoadException">The recipe made something else than an actor.</exception>
    public virtual ActorBase NewActor() => _producer.Produce()
        ?? throw new TypeLoadException($"The producer of [{Type}] returned null.");

    public bool Equals(Props other) => other is not null && (ReferenceEquals(this, other)
        || (Type == other.Type && Deploy.Equals(other.Deploy) && Arguments.SequenceEqual(other.Arguments)));

    public override bool Equals(object obj) => Equals(obj as Props);

    public override int GetHashCode() => HashCode.Combine(Type, Deploy);

    public ISurrogate ToSurrogate(ActorSystem system) => new PropsSurrogate { Type = Type, Deploy = Deploy, Arguments = Arguments };

    internal void Release(ActorBase actor) => _producer.Release(actor);

    public sealed class PropsSurrogate : ISurrogate
    {
        public Type Type { get; set; }

        public Deploy Deploy { get; set; }

        public object[] Arguments { get; set; }

        public ISurrogated FromSurrogate(ActorSystem system) => Create(Type, Arguments).WithDeploy(Deploy);
    }

    /// <summary>Leaves every message unhandled.</summary>
    private sealed class EmptyActor : UntypedActor
    {
        protected override void OnReceive(object message) => Unhandled(message);
    }
}
