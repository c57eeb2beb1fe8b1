using System.Collections.Immutable;
using Akka.Actor;
using Akka.Actor.Internal;
using Akka.Configuration;
using Akka.Event;
using Akka.Remote;
using static Akka.Cluster.ClusterProtocol;

namespace Akka.Cluster;

/// <summary>Makes the one <see cref="Cluster"/> of a system.</summary>
public class ClusterExtension : ExtensionIdProvider<Cluster>
{
    public static readonly ClusterExtension Instance = new();

    public override Cluster CreateExtension(ExtendedActorSystem system) => new((ActorSystemImpl)system);
}

/// <summary>This node's membership of a cluster.</summary>
public partial class Cluster : IExtension
{
    private readonly IActorRef _daemon;
    private readonly ILoggingAdapter _log;
    private volatile MembershipState _shown;
    private volatile ClusterEvent.CurrentClusterState _state = new();
    private int _isTerminated;

    /// <exception cref="ConfigurationException">The system's provider is not the cluster's, or a setting cannot be used.</exception>
    public Cluster(ActorSystemImpl system)
    {
        System = system;
        if (system.Provider is not ClusterActorRefProvider provider)
        {
            throw new ConfigurationException(
                $"ActorSystem {system} needs to have a 'ClusterActorRefProvider' enabled in the configuration, currently uses {system.Provider.GetType().FullName}");
        }

        Settings = new ClusterSettings(system.Settings.Config, system.Name);
        SelfUniqueAddress = new UniqueAddress(provider.Transport.DefaultAddress, AddressUidExtension.Uid(system));
        _shown = new MembershipState(Gossip.Empty, SelfUniqueAddress);
        _log = Logging.GetLogger(system, "Cluster");
        FailureDetector = new DefaultFailureDetectorRegistry<Address>(
            () => FailureDetectorLoader.Load(Settings.FailureDetectorImplementationClass, Settings.FailureDetectorConfig, system));
        DowningProvider = Akka.Cluster.DowningProvider.Load(Settings.DowningProviderType, system, this);
        if (Settings.LogInfo) _log.Info("Cluster Node [{0}] - Starting up...", SelfAddress);
        _daemon = system.SystemActorOf(ClusterDaemon.Props(this).WithDispatcher(Settings.UseDispatcher), "cluster");
        _daemon.Tell(Begin.Instance);   // Its parts speak to it through this object, which knows it from here on.
        JoinShutdown(CoordinatedShutdown.Get(system));
        if (Settings.LogInfo) _log.Info("Cluster Node [{0}] - Started up successfully", SelfAddress);
    }

    public ActorSystemImpl System { get; }

    public ClusterSettings Settings { get; }

    public UniqueAddress SelfUniqueAddress { get; }

    public Address SelfAddress => SelfUniqueAddress.Address;

    public ImmutableHashSet<string> SelfRoles => Settings.Roles;

    /// <summary>The cluster as this node sees it now; empty before it joins and when it has left.</summary>
    public ClusterEvent.CurrentClusterState State => _state;

    /// <summary>This node; removed as long as it is no member.</summary>
    public Member SelfMember => _shown.SelfMember
        ?? Member.Create(SelfUniqueAddress, int.MaxValue, MemberStatus.Removed, Settings.Roles, Settings.AppVersion);

    public bool IsTerminated => Volatile.Read(ref _isTerminated) == 1;

    public bool IsUp => !IsTerminated && SelfMember.Status is MemberStatus.Up or MemberStatus.WeaklyUp;

    public DefaultFailureDetectorRegistry<Address> FailureDetector { get; }

    public IDowningProvider DowningProvider { get; }

    /// <summary>Set when this node has been told to go.</summary>
    internal TaskCompletionSource<Done> SelfExiting { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private TaskCompletionSource<Done> Stopped { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <exception cref="ConfigurationException">The system's provider is not the cluster's.</exception>
    public static Cluster Get(ActorSystem system) => ClusterExtension.Instance.Apply(system);

    /// <summary>Tells the subscriber of events, after one <see cref="ClusterEvent.CurrentClusterState"/>.</summary>
    public void Subscribe(IActorRef subscriber, params Type[] to) => Subscribe(subscriber, ClusterEvent.InitialStateAsSnapshot, to);

    /// <param name="to">Events, or interfaces of them.</param>
    public void Subscribe(IActorRef subscriber, ClusterEvent.SubscriptionInitialStateMode initialStateMode, params Type[] to)
    {
        if (to.Length == 0) throw new ArgumentException("At least one `ClusterDomainEvent` type is required.", nameof(to));
        var unknown = to.FirstOrDefault(type => !typeof(ClusterEvent.IClusterDomainEvent).IsAssignableFrom(type) && type != typeof(ClusterEvent.StateChanged));
        if (unknown is not null) throw new ArgumentException($"Subscribe to `ClusterEvent.IClusterDomainEvent` or subclasses, was [{unknown.Name}].", nameof(to));
        _daemon.Tell(new Subscribe(subscriber, initialStateMode, [.. to]));
    }

    public void Unsubscribe(IActorRef subscriber) => _daemon.Tell(new Unsubscribe(subscriber, null));

    public void Unsubscribe(IActorRef subscriber, Type to) => _daemon.Tell(new Unsubscribe(subscriber, to));

    public void SendCurrentClusterState(IActorRef receiver) => _daemon.Tell(new SendCurrentClusterState(receiver));

    /// <summary>Joins the cluster of the node at that address, or begins one if the address is this node's own.</summary>
    public void Join(Address address) => _daemon.Tell(new JoinTo(FillLocal(address)));

    /// <summary>As <see cref="Join"/>; done when this node is up.</summary>
    /// <exception cref="ClusterJoinFailedException">It was not in <c>retry-unsuccessful-join-after</c>.</exception>
    public Task JoinAsync(Address address, CancellationToken token = default)
    {
        var limit = Settings.RetryUnsuccessfulJoinAfter ?? TimeSpan.FromSeconds(10);
        return WhenUp(() => Join(address), limit, $"Node has not managed to join the cluster using provided address: {address}", token);
    }

    public void JoinSeedNodes(IEnumerable<Address> seedNodes) => _daemon.Tell(new JoinSeedNodes([.. seedNodes.Select(FillLocal)]));

    /// <exception cref="ClusterJoinFailedException">It was not up in time.</exception>
    public Task JoinSeedNodesAsync(IEnumerable<Address> seedNodes, CancellationToken token = default)
    {
        var seeds = seedNodes.ToList();
        var limit = Settings.ShutdownAfterUnsuccessfulJoinSeedNodes ?? Settings.SeedNodeTimeout + (Settings.RetryUnsuccessfulJoinAfter ?? TimeSpan.FromSeconds(10));
        return WhenUp(() => JoinSeedNodes(seeds), limit, $"Node has not managed to join the cluster using provided seed node addresses: {string.Join(", ", seeds)}", token);
    }

    /// <summary>Has a member leave in order. If it is this node, its coordinated shutdown runs.</summary>
    public void Leave(Address address)
    {
        if (FillLocal(address).Equals(SelfAddress)) _ = LeaveAsync();
        else _daemon.Tell(new Leave(address));
    }

    /// <summary>Done when this node is removed.</summary>
    public Task LeaveAsync() => LeaveAsync(CancellationToken.None);

    public Task LeaveAsync(CancellationToken cancellationToken)
    {
        var left = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        RegisterOnMemberRemoved(() => left.TrySetResult());
        _daemon.Tell(new Leave(SelfAddress));
        return left.Task.WaitAsync(cancellationToken);
    }

    /// <summary>Throws a member out, on behalf of whoever can tell that it is lost.</summary>
    public void Down(Address address) => _daemon.Tell(new Down(FillLocal(address)));

    /// <summary>Runs the callback when this node is up; at once if it is.</summary>
    public void RegisterOnMemberUp(Action callback) => _daemon.Tell(new AddOnMemberUp(callback));

    /// <summary>Runs the callback when this node is a member no longer; at once if its cluster has ended.</summary>
    public void RegisterOnMemberRemoved(Action callback)
    {
        if (IsTerminated) callback();
        else _daemon.Tell(new AddOnMemberRemoved(callback));
    }

    /// <summary>The path by which others find the actor.</summary>
    public ActorPath RemotePathOf(IActorRef actorRef)
    {
        var path = actorRef.Path;
        return string.IsNullOrEmpty(path.Address.Host) ? path.Root.Address.Equals(SelfAddress) ? path : new RootActorPath(SelfAddress) / path.Elements : path;
    }

    /// <summary>Ends the membership of this node, without any order.</summary>
    internal void Shutdown()
    {
        if (Interlocked.Exchange(ref _isTerminated, 1) == 1) return;
        if (Settings.LogInfo) _log.Info("Cluster Node [{0}] - Shutting down...", SelfAddress);
        System.Stop(_daemon);
    }

    /// <summary>The daemon has ended.</summary>
    internal void HasStopped()
    {
        Interlocked.Exchange(ref _isTerminated, 1);
        SelfExiting.TrySetResult(Done.Instance);
        Stopped.TrySetResult(Done.Instance);
        if (Settings.LogInfo) _log.Info("Cluster Node [{0}] - Successfully shut down", SelfAddress);
    }

    internal void Show(MembershipState state)
    {
        _shown = state;
        _state = ClusterEvent.CurrentClusterState.Of(state);
    }

    private Address FillLocal(Address address) => address.HasLocalScope && address.System == SelfAddress.System ? SelfAddress : address;

    private async Task WhenUp(Action join, TimeSpan limit, string failure, CancellationToken token)
    {
        if (IsTerminated) throw new ClusterJoinFailedException("Cluster has already been terminated");
        if (IsUp) return;
        var up = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        RegisterOnMemberUp(() => up.TrySetResult());
        join();
        try
        {
            await up.Task.WaitAsync(limit, token).ConfigureAwait(false);
        }
        catch (TimeoutException e)
        {
            throw new ClusterJoinFailedException(failure, e);
        }
    }
}

/// <summary>The node could not become a member.</summary>
public sealed class ClusterJoinFailedException : AkkaException
{
    public ClusterJoinFailedException(string message)
        : base(message)
    {
    }

    public ClusterJoinFailedException(string message, Exception cause)
        : base(message, cause)
    {
    }
}
