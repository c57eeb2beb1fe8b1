using Akka.Actor;
using Akka.Coordination;

namespace Akka.Cluster.SBR;

/// <summary>Downs members by a rule by which, of the parts of a cluster that fell apart, at most one goes on.</summary>
public class SplitBrainResolverProvider : IDowningProvider
{
    private readonly Cluster _cluster;
    private readonly SplitBrainResolverSettings _settings;
    private readonly Lease _lease;

    /// <exception cref="Akka.Configuration.ConfigurationException">A setting cannot be used.</exception>
    public SplitBrainResolverProvider(ActorSystem system, Cluster cluster)
    {
        _cluster = cluster;
        _settings = new SplitBrainResolverSettings(system.Settings.Config.GetConfig("akka.cluster.split-brain-resolver"));
        if (_settings.Strategy is not LeaseMajority strategy) return;
        var owner = $"{cluster.SelfAddress.Host}:{cluster.SelfAddress.Port}";
        _lease = LeaseProvider.Get(system).GetLease(strategy.LeaseNameOf(system.Name), strategy.LeaseImplementation, owner);
    }

    public TimeSpan DownRemovalMargin => _cluster.Settings.DownRemovalMargin != TimeSpan.Zero ? _cluster.Settings.DownRemovalMargin : _settings.StableAfter;

    public Props DowningActorProps
    {
        get
        {
            var (cluster, settings, lease) = (_cluster, _settings, _lease);
            return Props.Create(() => new SplitBrainResolverActor(cluster, settings, lease));
        }
    }
}
