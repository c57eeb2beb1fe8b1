using Akka.Actor;
using Akka.Configuration;

namespace Akka.Cluster.Tools.PublishSubscribe;

public class DistributedPubSubExtensionProvider : ExtensionIdProvider<DistributedPubSub>
{
    public override DistributedPubSub CreateExtension(ExtendedActorSystem system) => new(system);
}

/// <summary>Starts the mediator of this node.</summary>
public class DistributedPubSub : IExtension
{
    private readonly Cluster _cluster;

    public DistributedPubSub(ExtendedActorSystem system)
    {
        var settings = DistributedPubSubSettings.Create(system);
        _cluster = Cluster.Get(system);
        var config = system.Settings.Config.GetConfig("akka.cluster.pub-sub");
        Mediator = IsTerminated
            ? system.DeadLetters
            : system.SystemActorOf(DistributedPubSubMediator.Props(settings).WithDispatcher(config.GetString("use-dispatcher")), config.GetString("name"));
    }

    /// <summary>Whether this node has no mediator: it has not the role, or left the cluster.</summary>
    public bool IsTerminated
    {
        get
        {
            var role = DistributedPubSubSettings.Create(_cluster.System).Role;
            return _cluster.IsTerminated || (role is not null && !_cluster.SelfRoles.Contains(role));
        }
    }

    public IActorRef Mediator { get; }

    public static DistributedPubSub Get(ActorSystem system) => system.WithExtension<DistributedPubSub, DistributedPubSubExtensionProvider>();

    public static Config DefaultConfig() =>
        ConfigurationFactory.FromResource("Akka.Cluster.Tools.PublishSubscribe.pub-sub.conf", typeof(DistributedPubSub).Assembly);
}
