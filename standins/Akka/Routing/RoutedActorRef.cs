using Akka.Actor;
using Akka.Actor.Internal;
using Akka.Configuration;
using Akka.Dispatch;

namespace Akka.Routing;

/// <summary>A router: what it is told goes to its routees at once, on the sender's thread; its actor only keeps the list.</summary>
internal sealed class RoutedActorRef : LocalActorRef
{
    private RoutedActorRef(
        ActorSystemImpl system, Props routerProps, MessageDispatcher dispatcher, MailboxType mailboxType, IInternalActorRef supervisor, ActorPath path)
        : base(system, routerProps, dispatcher, mailboxType, supervisor, path)
    {
    }

    /// <exception cref="ConfigurationException">The router or a dispatcher is not configured.</exception>
    public static RoutedActorRef Create(ActorSystemImpl system, Props props, RouterConfig config, IInternalActorRef supervisor, ActorPath path)
    {
        if (config is FromConfig) throw new ConfigurationException($"Configuration missing for router [{path}] in 'akka.actor.deployment' section.");
        var strategy = config is Pool pool ? pool.SupervisorStrategy : null;
        var routees = props.WithoutRouter();
        var routerProps = Props.Create(() => new RouterActor()).WithSupervisorStrategy(strategy).WithDispatcher(config.RouterDispatcher);
        var dispatcher = system.Dispatchers.Lookup(config.RouterDispatcher);
        var mailbox = system.Mailboxes.Lookup(Mailboxes.DefaultMailboxId);
        var router = new RoutedActorRef(system, routerProps, dispatcher, mailbox, supervisor, path);
        ((RoutedActorCell)router.Cell).SetUp(config, routees);
        return router;
    }

    private protected override ActorCell NewCell(ActorSystemImpl system, Props props, MessageDispatcher dispatcher, IInternalActorRef supervisor) =>
        new RoutedActorCell(system, this, props, dispatcher, supervisor);
}

internal sealed class RoutedActorCell(
    ActorSystemImpl system, IInternalActorRef self, Props routerProps, MessageDispatcher dispatcher, IInternalActorRef supervisor)
    : ActorCell(system, self, routerProps, dispatcher, supervisor)
{
    private volatile Router _router;

    public Router Router => _router;

    public RouterConfig Config { get; private set; }

    public Props RouteeProps { get; private set; }

    public override void SendMessage(Envelope message)
    {
        if (message.Message is IAutoReceivedMessage or RouterManagementMessage or Dispatch.SysMsg.ISystemMessage) base.SendMessage(message);
        else if (IsTerminated) base.SendMessage(message);   // A dead letter.
        else _router.Route(message.Message, message.Sender);
    }

    public void SetUp(RouterConfig config, Props routeeProps)
    {
        Config = config;
        RouteeProps = routeeProps;
        var routees = config switch
        {
            Pool pool => Enumerable.Range(0, pool.GetNrOfInstances(System)).Select(_ => NewRoutee()),
            Group group => group.GetPaths(System).Select(path => group.RouteeFor(path, System)),
            _ => [],
        };
        _router = config.CreateRouter(System).WithRoutees([.. routees]);
    }

    public Routee NewRoutee() => new ActorRefRoutee(ActorOf(RouteeProps));

    public void AddRoutees(IEnumerable<Routee> routees) => _router = _router.WithRoutees([.. _router.Routees, .. routees]);

    /// <summary>Takes a routee out of the list; a pool's own child ends after what waits in its mailbox.</summary>
    public void RemoveRoutee(Routee routee, bool stopChild)
    {
        _router = _router.RemoveRoutee(routee);
        if (routee is not ActorRefRoutee { Actor: var actor }) return;
        Unwatch(actor);
        if (stopChild && Equals(GetChildByName(actor.Path.Name), actor)) actor.Tell(PoisonPill.Instance, ActorRefs.NoSender);
    }
}

/// <summary>Keeps a router's list of routees.</summary>
internal sealed class RouterActor : UntypedActor
{
    private static RoutedActorCell Cell => (RoutedActorCell)Context;

    protected override void PreStart()
    {
        foreach (var routee in Cell.Router.Routees.OfType<ActorRefRoutee>()) Context.Watch(routee.Actor);
    }

    protected override void PreRestart(Exception reason, object message)
    {
        // The routees stay; those that failed are restarted with the router by their own recreation.
    }

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case GetRoutees:
                Sender.Tell(new Routees([.. Cell.Router.Routees]));
                break;
            case AddRoutee add:
                Watch(add.Routee);
                Cell.AddRoutees([add.Routee]);
                break;
            case RemoveRoutee remove:
                Cell.RemoveRoutee(remove.Routee, stopChild: true);
                StopIfAllRouteesRemoved();
                break;
            case AdjustPoolSize { Change: > 0 } grow:
                var added = Enumerable.Range(0, grow.Change).Select(_ => Cell.NewRoutee()).ToArray();
                foreach (var routee in added) Watch(routee);
                Cell.AddRoutees(added);
                break;
            case AdjustPoolSize shrink:
                foreach (var routee in Cell.Router.Routees.TakeLast(-shrink.Change).ToArray()) Cell.RemoveRoutee(routee, stopChild: true);
                break;
            case Terminated terminated:
                Cell.RemoveRoutee(new ActorRefRoutee(terminated.ActorRef), stopChild: false);
                StopIfAllRouteesRemoved();
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    private static void Watch(Routee routee)
    {
        if (routee is ActorRefRoutee { Actor: var actor }) Context.Watch(actor);
    }

    private static void StopIfAllRouteesRemoved()
    {
        if (Cell.Config.StopRouterWhenAllRouteesRemoved && !Cell.Router.Routees.Any()) Context.Stop(Context.Self);
    }
}
