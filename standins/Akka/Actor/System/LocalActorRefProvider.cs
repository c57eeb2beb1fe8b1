using Akka.Actor.Internal;
using Akka.Configuration;
using Akka.Dispatch;
using Akka.Dispatch.SysMsg;
using Akka.Event;
using Akka.Routing;
using Akka.Util;

namespace Akka.Actor;

/// <summary>References to the actors of this process.</summary>
public sealed class LocalActorRefProvider : IActorRefProvider
{
    private readonly EventStream _eventStream;
    private readonly TaskCompletionSource _termination = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ActorPath _tempNode;
    private ActorSystemImpl _system;
    private VirtualPathContainer _tempContainer;
    private LocalActorRef _rootGuardian;
    private long _tempNumber;

    public LocalActorRefProvider(string systemName, Settings settings, EventStream eventStream)
        : this(systemName, settings, eventStream, null, null)
    {
    }

    /// <param name="deployer">Null for the local one.</param>
    /// <param name="deadLettersFactory">Null for plain dead letters.</param>
    public LocalActorRefProvider(
        string systemName, Settings settings, EventStream eventStream, Deployer deployer, Func<ActorPath, IInternalActorRef> deadLettersFactory)
    {
        Settings = settings;
        _eventStream = eventStream;
        Deployer = deployer ?? new Deployer(settings);
        RootPath = new RootActorPath(new Address("akka", systemName));
        _tempNode = RootPath / "temp";
        DeadLetters = deadLettersFactory?.Invoke(RootPath / "deadLetters") ?? new DeadLetterActorRef(this, RootPath / "deadLetters", eventStream);
        IgnoreRef = new IgnoreActorRef(this);
    }

    public ActorPath RootPath { get; }

    public Settings Settings { get; }

    public Deployer Deployer { get; }

    public IActorRef DeadLetters { get; }

    public IActorRef IgnoreRef { get; }

    public IInternalActorRef RootGuardian => _rootGuardian;

    public LocalActorRef Guardian { get; private set; }

    public LocalActorRef SystemGuardian { get; private set; }

    public IInternalActorRef TempContainer => _tempContainer;

    public Task TerminationTask => _termination.Task;

    public Address DefaultAddress => RootPath.Address;

    public void Init(ActorSystemImpl system) => Init(system, this);

    /// <param name="outer">The provider that wraps this one, to which references say they belong.</param>
    internal void Init(ActorSystemImpl system, IActorRefProvider outer)
    {
        _system = system;
        _tempContainer = new VirtualPathContainer(outer, _tempNode, null);
        var above = new AboveRoot(outer, RootPath / "_Root-guardian-supervisor", _termination, _eventStream);
        var dispatcher = system.Dispatchers.Lookup(Dispatchers.InternalDispatcherId);
        var mailbox = system.Mailboxes.Lookup(Mailboxes.DefaultMailboxId);
        _rootGuardian = new RootGuardianRef(
            system, Props.Create(() => new RootGuardianActor()).WithSupervisorStrategy(AboveRoot.RootStrategy), dispatcher, mailbox, above, RootPath, this);

        Guardian = CreateGuardian("user", Props.Create(() => new GuardianActor()).WithSupervisorStrategy(UserGuardianStrategy()), mailbox);
        SystemGuardian = CreateGuardian("system", Props.Create(() => new SystemGuardianActor(Guardian)), mailbox);
        _rootGuardian.Start();
        Guardian.Start();
        SystemGuardian.Start();
        _rootGuardian.Tell(new RootGuardianActor.WatchSystem(SystemGuardian), ActorRefs.NoSender);
        _eventStream.Publish(new Debug("LocalActorRefProvider", GetType(), "guardians started"));
    }

    public IActorRef RootGuardianAt(Address address) => address == RootPath.Address ? _rootGuardian : DeadLetters;

    public ActorPath TempPath() => TempPath("");

    public ActorPath TempPath(string prefix) => _tempNode / Base64Encoding.WithPrefix($"{prefix}$", Interlocked.Increment(ref _tempNumber));

    public void RegisterTempActor(IInternalActorRef actorRef, ActorPath path)
    {
        CheckTemp(path);
        _tempContainer.AddChild(path.Name, actorRef);
    }

    public void UnregisterTempActor(ActorPath path)
    {
        CheckTemp(path);
        _tempContainer.RemoveChild(path.Name);
    }

    public IInternalActorRef ActorOf(
        ActorSystemImpl system, Props props, IInternalActorRef supervisor, ActorPath path, bool systemService, Deploy deploy, bool lookupDeploy, bool async)
    {
        props = Deployed(props, path, systemService, deploy, lookupDeploy);
        if (props.Deploy.RouterConfig is not NoRouter and { } router) return RoutedActorRef.Create(system, props, router, supervisor, path);
        try
        {
            var dispatcher = Dispatcher(system, props, supervisor);
            var mailbox = system.Mailboxes.GetMailboxType(props, dispatcher.Configurator.Config);
            return new LocalActorRef(system, props, dispatcher, mailbox, supervisor, path);
        }
        catch (Exception e) when (e is not ConfigurationException { Message: var message } || !message.StartsWith("Configuration problem", StringComparison.Ordinal))
        {
            throw new ConfigurationException(
                $"Configuration problem while creating {path} with dispatcher [{props.Dispatcher}] and mailbox [{props.Mailbox}]: {e.Message}", e);
        }
    }

    public IActorRef ResolveActorRef(string path) => ActorPath.TryParse(path, out var actorPath) && actorPath.Address == RootPath.Address
        ? ResolveActorRef(actorPath)
        : DeadLetters;

    public IActorRef ResolveActorRef(ActorPath actorPath)
    {
        if (actorPath.Root != RootPath) return DeadLetters;
        return ResolveActorRef(_rootGuardian, actorPath.Elements, actorPath.Uid);
    }

    public Address GetExternalAddressFor(Address address) => address == RootPath.Address ? address : null;

    internal IInternalActorRef ResolveActorRef(IInternalActorRef anchor, IReadOnlyList<string> elements, long uid)
    {
        if (elements.Count == 0) return anchor;
        if (elements.Count == 1 && elements[0] == "deadLetters") return (IInternalActorRef)DeadLetters;
        var found = (IInternalActorRef)anchor.GetChild(elements);
        if (!found.IsNobody() && (uid == 0 || found.Path.Uid == 0 || found.Path.Uid == uid)) return found;
        return new EmptyLocalActorRef(_system.Provider, (anchor.Path / elements).WithUid(uid), _eventStream);
    }

    private static MessageDispatcher Dispatcher(ActorSystemImpl system, Props props, IInternalActorRef supervisor) =>
        props.Deploy.Dispatcher == Deploy.DispatcherSameAsParent
            ? ((LocalActorRef)supervisor).Cell.Dispatcher
            : system.Dispatchers.Lookup(props.Dispatcher);

    private Props Deployed(Props props, ActorPath path, bool systemService, Deploy deploy, bool lookupDeploy)
    {
        if (lookupDeploy && Deployer.Lookup(path) is { } configured) props = props.WithDeploy(configured);
        if (deploy is not null) props = props.WithDeploy(deploy);
        var isUsers = !systemService || props.Deploy.Dispatcher != Deploy.NoDispatcherGiven;
        return isUsers ? props : props.WithDispatcher(Dispatchers.InternalDispatcherId);
    }

    private SupervisorStrategy UserGuardianStrategy() => SupervisorStrategyConfigurator.CreateConfigurator(Settings.SupervisorStrategyClass).Create();

    private LocalActorRef CreateGuardian(string name, Props props, MailboxType mailbox)
    {
        var cell = _rootGuardian.Cell;
        var dispatcher = _system.Dispatchers.Lookup(Dispatchers.InternalDispatcherId);
        var guardian = new LocalActorRef(_system, props, dispatcher, mailbox, _rootGuardian, new ChildActorPath(RootPath, name, ActorCell.NewUid()));
        cell.AddStandingChild(guardian);
        return guardian;
    }

    private void CheckTemp(ActorPath path)
    {
        if (path.Parent != _tempNode) throw new InvalidOperationException($"[{path}] is not below [{_tempNode}].");
    }

    /// <summary>The root: knows its two virtual children besides the actors below it.</summary>
    private sealed class RootGuardianRef(
        ActorSystemImpl system, Props props, MessageDispatcher dispatcher, MailboxType mailboxType, IInternalActorRef supervisor, ActorPath path,
        LocalActorRefProvider owner) : LocalActorRef(system, props, dispatcher, mailboxType, supervisor, path)
    {
        public override IInternalActorRef Parent => this;

        public override IInternalActorRef GetSingleChild(string name) => name switch
        {
            "temp" => owner._tempContainer,
            "deadLetters" => (IInternalActorRef)owner.DeadLetters,
            _ => base.GetSingleChild(name),
        };
    }

    /// <summary>The root's parent, outside the tree. The root's end is the system's end.</summary>
    private sealed class AboveRoot(IActorRefProvider provider, ActorPath path, TaskCompletionSource termination, EventStream eventStream) : MinimalActorRef
    {
        public static readonly SupervisorStrategy RootStrategy = new OneForOneStrategy(_ => Directive.Stop);

        public override ActorPath Path { get; } = path;

        public override IActorRefProvider Provider { get; } = provider;

        public override void SendSystemMessage(ISystemMessage message)
        {
            switch (message)
            {
                case Failed failed:
                    eventStream.Publish(new Error(failed.Cause, Path.ToString(), GetType(), $"guardian {failed.Child} failed, shutting down!"));
                    ((IInternalActorRef)failed.Child).Stop();
                    break;
                case DeathWatchNotification:
                    termination.TrySetResult();
                    break;
            }
        }
    }
}
