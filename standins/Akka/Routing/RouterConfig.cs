using Akka.Actor;
using Akka.Configuration;
using Akka.Util;

namespace Akka.Routing;

/// <summary>Makes a router of an actor's props.</summary>
public abstract class RouterConfig : ISurrogated, IEquatable<RouterConfig>
{
    protected RouterConfig()
    {
    }

    protected RouterConfig(string routerDispatcher)
    {
        RouterDispatcher = routerDispatcher ?? Dispatch.Dispatchers.DefaultDispatcherId;
    }

    public virtual string RouterDispatcher { get; } = Dispatch.Dispatchers.DefaultDispatcherId;

    /// <summary>True if the router ends with its last routee.</summary>
    public virtual bool StopRouterWhenAllRouteesRemoved => true;

    public abstract Router CreateRouter(ActorSystem system);

    /// <summary>This one where it says something, the other where not.</summary>
    public virtual RouterConfig WithFallback(RouterConfig routerConfig) => this;

    public abstract ISurrogate ToSurrogate(ActorSystem system);

    public virtual bool Equals(RouterConfig other) => other is not null && (ReferenceEquals(this, other) || GetType() == other.GetType());

    public override bool Equals(object obj) => Equals(obj as RouterConfig);

    public override int GetHashCode() => GetType().GetHashCode();

    /// <summary>A configuration travels as itself; only its kind and sizes matter on the other side.</summary>
    protected ISurrogate AsItIs() => new RouterConfigSurrogate { Config = this };

    public sealed class RouterConfigSurrogate : ISurrogate
    {
        public RouterConfig Config { get; set; }

        public ISurrogated FromSurrogate(ActorSystem system) => Config;
    }
}

/// <summary>No router.</summary>
public sealed class NoRouter : RouterConfig
{
    private NoRouter()
    {
    }

    public static NoRouter Instance { get; } = new();

    public override Router CreateRouter(ActorSystem system) => throw new NotSupportedException("NoRouter has no router.");

    public override RouterConfig WithFallback(RouterConfig routerConfig) => routerConfig;

    public override ISurrogate ToSurrogate(ActorSystem system) => AsItIs();
}

/// <summary>The router that <c>akka.actor.deployment</c> has for the actor's path.</summary>
public sealed class FromConfig : RouterConfig
{
    private FromConfig()
    {
    }

    public static FromConfig Instance { get; } = new();

    public override Router CreateRouter(ActorSystem system) =>
        throw new ConfigurationException("FromConfig was used where akka.actor.deployment has no router for the actor's path.");

    public override RouterConfig WithFallback(RouterConfig routerConfig) => routerConfig is NoRouter ? this : routerConfig;

    public override ISurrogate ToSurrogate(ActorSystem system) => AsItIs();
}

/// <summary>A router that makes its routees, as children.</summary>
public abstract class Pool : RouterConfig
{
    protected Pool(int nrOfInstances, SupervisorStrategy supervisorStrategy, string routerDispatcher)
        : base(routerDispatcher)
    {
        if (nrOfInstances < 0) throw new ArgumentOutOfRangeException(nameof(nrOfInstances), $"nr-of-instances is {nrOfInstances}; it must not be negative.");
        NrOfInstances = nrOfInstances;
        SupervisorStrategy = supervisorStrategy ?? DefaultSupervisorStrategy;
    }

    /// <summary>A routee's failure is the router's: its parent judges it.</summary>
    public static SupervisorStrategy DefaultSupervisorStrategy { get; } = new OneForOneStrategy(_ => Directive.Escalate);

    public int NrOfInstances { get; }

    public SupervisorStrategy SupervisorStrategy { get; }

    public virtual int GetNrOfInstances(ActorSystem system) => NrOfInstances;

    public override bool Equals(RouterConfig other) => base.Equals(other) && ((Pool)other).NrOfInstances == NrOfInstances;

    public override int GetHashCode() => HashCode.Combine(GetType(), NrOfInstances);

    public override ISurrogate ToSurrogate(ActorSystem system) => AsItIs();
}

/// <summary>A router over actors that exist already, by path.</summary>
public abstract class Group : RouterConfig
{
    protected Group(IEnumerable<string> paths, string routerDispatcher)
        : base(routerDispatcher)
    {
        InternalPaths = [.. paths ?? []];
    }

    public override bool StopRouterWhenAllRouteesRemoved => false;

    protected string[] InternalPaths { get; }

    public virtual IEnumerable<string> GetPaths(ActorSystem system) => InternalPaths;

    public override bool Equals(RouterConfig other) => base.Equals(other) && ((Group)other).InternalPaths.SequenceEqual(InternalPaths);

    public override int GetHashCode() => HashCode.Combine(GetType(), InternalPaths.Length);

    public override ISurrogate ToSurrogate(ActorSystem system) => AsItIs();

    internal Routee RouteeFor(string path, ActorSystem system) => new ActorSelectionRoutee(system.ActorSelection(path));
}
