using Akka.Actor;

namespace Akka.Cluster.SBR;

/// <summary>Downs members by a rule by which, of the parts of a cluster that fell apart, at most one goes on.</summary>
public class SplitBrainResolverProvider : IDowningProvider
{
    private readonly Cluster _cluster;
    private readonly SplitBrainResolverSettings _settings;

    /// <exception cref="Akka.Configuration.ConfigurationException">A setting cannot be used.</exception>
    public SplitBrainResolverProvider(ActorSystem system, Cluster cluster)
    {
        _cluster = cluster;
        _settings = new SplitBrainResolverSettings(system.Settings.Config.GetConfig("akka.cluster.split-brain-resolver"));
    }

    public TimeSpan DownRemovalMargin => _cluster.Settings.DownRemovalMargin != TimeSpan.Zero ? _cluster.Settings.DownRemovalMargin : _settings.StableAfter;

    public Props DowningActorProps
    {
        get
        {
            var (cluster, settings) = (_cluster, _settings);
            return Props.Create(() => new SplitBrainResolverActor(cluster, settings));
        }
    }
}
