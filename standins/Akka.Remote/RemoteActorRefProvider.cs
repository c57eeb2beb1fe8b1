using Akka.Actor;
using Akka.Actor.Internal;
using Akka.Configuration;
using Akka.Event;
using Akka.Remote.Configuration;
using Akka.Remote.Transport;
using Akka.Remote.Wire;

namespace Akka.Remote;

/// <summary>References to the actors of this system and, by address, to those of others.</summary>
public class RemoteActorRefProvider : IRemoteActorRefProvider
{
    private readonly LocalActorRefProvider _local;
    private Remoting _transport;
    private ActorSystemImpl _system;

    public RemoteActorRefProvider(string systemName, Settings settings, EventStream eventStream)
    {
        settings.InjectTopLevelFallback(RemoteConfigFactory.Default());
        _local = new LocalActorRefProvider(systemName, settings, eventStream);
        RemoteSettings = new RemoteSettings(settings.Config);
    }

    public RemoteSettings RemoteSettings { get; }

    public IActorRef RemoteWatcher { get; private set; }

    public RemoteTransport Transport => _transport;

    public IInternalActorRef RootGuardian => _local.RootGuardian;

    public LocalActorRef Guardian => _local.Guardian;

    public LocalActorRef SystemGuardian => _local.SystemGuardian;

    public IActorRef DeadLetters => _local.DeadLetters;

    public IActorRef IgnoreRef => _local.IgnoreRef;

    public ActorPath RootPath => _local.RootPath;

    public Settings Settings => _local.Settings;

    public Deployer Deployer => _local.Deployer;

    public IInternalActorRef TempContainer => _local.TempContainer;

    public Task TerminationTask => _local.TerminationTask;

    public Address DefaultAddress => _transport?.DefaultAddress ?? _local.DefaultAddress;

    public virtual void Init(ActorSystemImpl system)
    {
        _system = system;
        _local.Init(system, this);
        _transport = new Remoting(system, this);
        _transport.Start();
        system.SystemActorOf(Props.Create(() => new RemotingTerminator(_transport)), "remoting-terminator");
        RemoteWatcher = CreateRemoteWatcher(system);
    }

    public ActorPath TempPath() => _local.TempPath();

    public ActorPath TempPath(string prefix) => _local.TempPath(prefix);

    public void RegisterTempActor(IInternalActorRef actorRef, ActorPath path) => _local.RegisterTempActor(actorRef, path);

    public void UnregisterTempActor(ActorPath path) => _local.UnregisterTempActor(path);

    /// <exception cref="ConfigurationException">The actor is to be deployed on another node, which is not supported.</exception>
    public virtual IInternalActorRef ActorOf(
        ActorSystemImpl system, Props props, IInternalActorRef supervisor, ActorPath path, bool systemService, Deploy deploy, bool lookupDeploy, bool async)
    {
        if (props.Deploy.Scope is RemoteScope scope && !HasAddress(scope.Address))
            throw new ConfigurationException($"{path} is to be deployed at [{scope.Address}]; actors can be created on their own node only.");
        return _local.ActorOf(system, props, supervisor, path, systemService, deploy, lookupDeploy, async);
    }

    public bool HasAddress(Address address) => address.Equals(_local.RootPath.Address) || _transport is not null && _transport.Addresses.Contains(address);

    public IActorRef RootGuardianAt(Address address) => HasAddress(address) ? RootGuardian : Remote(new RootActorPath(address));

    public IActorRef ResolveActorRef(string path)
    {
        if (path == IgnoreRef.Path.ToString()) return IgnoreRef;
        return ActorPath.TryParse(path, out var actorPath) ? ResolveActorRef(actorPath) : DeadLetters;
    }

    public IActorRef ResolveActorRef(ActorPath actorPath) => HasAddress(actorPath.Address)
        ? _local.ResolveActorRef(RootGuardian, actorPath.Elements, actorPath.Uid)
        : Remote(actorPath);

    public Address GetExternalAddressFor(Address address)
    {
        if (HasAddress(address)) return _local.RootPath.Address;
        return address.HasGlobalScope && address.Protocol == Remoting.Protocol ? DefaultAddress : null;
    }

    public void Quarantine(Address address, int? uid) => _transport.Quarantine(address, uid);

    /// <summary>The actor of this system at a path without address, such as <c>/user/a#123</c>.</summary>
    /// <exception cref="WireFormatException">It is no path.</exception>
    internal IInternalActorRef ResolveLocal(string path)
    {
        if (path.StartsWith("/temp/", StringComparison.Ordinal) && path.IndexOf('/', 6) < 0)
        {
            var waiting = (IInternalActorRef)TempContainer.GetChild([path[6..]]);
            if (!waiting.IsNobody()) return waiting;
        }

        if (!ActorPath.TryParse(RootPath, path, out var parsed)) throw new WireFormatException($"'{path}' is no path.");
        return _local.ResolveActorRef(RootGuardian, parsed.Elements, parsed.Uid);
    }

    internal object DeserializeFromWire(byte[] bytes, int serializerId, string manifest) =>
        _system.Serialization.DeserializeFromWire(bytes, serializerId, manifest);

    /// <summary>The cluster has a watcher of its own.</summary>
    protected virtual IActorRef CreateRemoteWatcher(ActorSystemImpl system) =>
        system.SystemActorOf(Akka.Remote.RemoteWatcher.Props(RemoteSettings, CreateRemoteWatcherFailureDetector(system)), "remote-watcher");

    protected DefaultFailureDetectorRegistry<Address> CreateRemoteWatcherFailureDetector(ActorSystem system) => new(() => FailureDetectorLoader.Load(
        RemoteSettings.WatchFailureDetectorImplementationClass, RemoteSettings.WatchFailureDetectorConfig, system));

    private IActorRef Remote(ActorPath path)
    {
        if (path.Address.Protocol == Remoting.Protocol && path.Address.HasGlobalScope && _transport is not null)
            return new RemoteActorRef(this, _transport.AssociationFor(path.Address), path);
        return new EmptyLocalActorRef(this, path, _system.EventStream);
    }
}
