using System.Diagnostics;
using Akka.Actor;
using Akka.Configuration;
using Akka.Event;

namespace Akka.Discovery.Aggregate;

/// <summary>Asks several methods in order; the first that knows an address answers.</summary>
public sealed class AggregateServiceDiscovery : ServiceDiscovery
{
    private readonly List<(string Name, ServiceDiscovery Discovery)> _methods;
    private readonly ILoggingAdapter _log;

    public AggregateServiceDiscovery(ExtendedActorSystem system)
        : this(system, system.Settings.Config.GetConfig("akka.discovery.aggregate"))
    {
    }

    /// <exception cref="ConfigurationException">No method is named.</exception>
    public AggregateServiceDiscovery(ExtendedActorSystem system, Configuration.Config config)
    {
        var names = config.GetStringList("discovery-methods");
        if (names.Count == 0)
            throw new ConfigurationException("akka.discovery.aggregate.discovery-methods is empty; it must name methods, such as [\"config\", \"akka-dns\"].");
        _log = Logging.GetLogger(system, GetType());
        _methods = [.. names.Select(name => (name, Discovery.Get(system).LoadServiceDiscovery(name)))];
    }

    /// <summary>A method that fails is passed over; if the last one fails, so does the lookup.</summary>
    public override async Task<Resolved> Lookup(Lookup lookup, TimeSpan resolveTimeout)
    {
        var started = Stopwatch.GetTimestamp();
        var result = new Resolved(lookup.ServiceName);
        for (var i = 0; i < _methods.Count && result.Addresses.IsEmpty; i++)
        {
            var (name, discovery) = _methods[i];
            var left = resolveTimeout - Stopwatch.GetElapsedTime(started);
            if (left <= TimeSpan.Zero) throw new TimeoutException($"Looking up {lookup} took more than {resolveTimeout}.");
            try
            {
                result = await discovery.Lookup(lookup, left).ConfigureAwait(false);
            }
            catch (Exception e) when (i < _methods.Count - 1)
            {
                _log.Error(e, "Discovery method [{0}] failed to look up [{1}]; trying the next one", name, lookup);
            }
        }

        return result;
    }
}
