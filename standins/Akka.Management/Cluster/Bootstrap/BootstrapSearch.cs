using System.Collections.Immutable;
using System.Net.Http.Json;
using System.Text.Json;
using Akka.Actor;
using Akka.Discovery;
using Akka.Event;
using AkkaCluster = Akka.Cluster.Cluster;

namespace Akka.Management.Cluster.Bootstrap;

/// <summary>Looks for the other nodes and asks them, again and again, until there is a cluster to join or to begin.</summary>
/// <param name="management">Where this node's own management server is reached.</param>
internal sealed class BootstrapSearch(ExtendedActorSystem system, BootstrapSettings settings, Uri management, ILoggingAdapter log)
{
    private readonly ContactPoint _self = new(management.Host, management.Port);
    private readonly Dictionary<ContactPoint, (SeedNodes Said, long AtMs)> _heard = [];
    private readonly Dictionary<ContactPoint, long> _nextProbeMs = [];
    private ImmutableHashSet<ContactPoint> _found = [];
    private long _changedMs = Environment.TickCount64;
    private int _failures;

    /// <summary>Ends when the node has been told what to join, or the system terminates.</summary>
    public async Task RunAsync(CancellationToken stopping)
    {
        try
        {
            using var client = new HttpClient { Timeout = settings.ProbingFailureTimeout };
            log.Info("Cluster Bootstrap looks for [{0}] by way of {1}", settings.EffectiveName, settings.DiscoveryMethod ?? "akka.discovery.method");
            while (!stopping.IsCancellationRequested && !Join(await DecideAsync(client, stopping).ConfigureAwait(false)))
                await Task.Delay(Pause(), stopping).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // The system terminates.
        }
        catch (Exception e)
        {
            log.Error(e, "Cluster Bootstrap has failed; this node joins no cluster by itself: {0}", e.Message);
        }
    }

    private async Task<BootstrapDecision> DecideAsync(HttpClient client, CancellationToken stopping)
    {
        await DiscoverAsync().ConfigureAwait(false);
        await Task.WhenAll(Due().Select(point => ProbeAsync(client, point, stopping))).ConfigureAwait(false);
        var nowMs = Environment.TickCount64;
        var oldestMs = nowMs - (long)((settings.ProbeInterval * (1 + settings.ProbeIntervalJitter)) + settings.ProbingFailureTimeout + settings.Interval).TotalMilliseconds;
        var heard = _heard.Where(each => _found.Contains(each.Key) && each.Value.AtMs >= oldestMs).ToDictionary(each => each.Key, each => each.Value.Said);
        return BootstrapDecision.Of(settings, TimeSpan.FromMilliseconds(nowMs - _changedMs), _self, _found, heard);
    }

    private async Task DiscoverAsync()
    {
        try
        {
            var discovery = Discovery.Discovery.Get(system);
            var method = settings.DiscoveryMethod is { } name ? discovery.LoadServiceDiscovery(name) : discovery.Default;
            var resolved = await method.Lookup(new Lookup(settings.EffectiveName, settings.PortName, settings.Protocol), settings.ResolveTimeout)
                .WaitAsync(settings.ResolveTimeout).ConfigureAwait(false);
            _failures = 0;
            var found = Points(resolved.Addresses);
            if (found.SetEquals(_found)) return;
            log.Info("Cluster Bootstrap has found [{0}]", string.Join(", ", found.Order().Select(point => $"{point.Host}:{point.Port}")));
            (_found, _changedMs) = (found, Environment.TickCount64);
        }
        catch (Exception e)
        {
            _failures++;
            log.Warning(e, "Cluster Bootstrap could not look [{0}] up; it tries again: {1}", settings.EffectiveName, e.Message);
        }
    }

    private ImmutableHashSet<ContactPoint> Points(IEnumerable<ServiceDiscovery.ResolvedTarget> targets)
    {
        var fallback = settings.FallbackPort ?? _self.Port;
        var points = ImmutableHashSet.CreateBuilder<ContactPoint>();
        foreach (var host in targets.GroupBy(target => target.Host))
        {
            var ports = host.Select(target => target.Port ?? fallback).Distinct().ToList();
            var isFiltered = settings.FilterOnFallbackPort && settings.FallbackPort is not null && ports.Count > 1;
            foreach (var port in ports.Where(port => !isFiltered || port == fallback)) points.Add(new ContactPoint(host.Key, port));
        }

        return points.ToImmutable();
    }

    private List<ContactPoint> Due()
    {
        var nowMs = Environment.TickCount64;
        var due = _found.Where(point => _nextProbeMs.GetValueOrDefault(point) <= nowMs).ToList();
        foreach (var point in due)
            _nextProbeMs[point] = nowMs + (long)(settings.ProbeInterval * (1 + (Random.Shared.NextDouble() * settings.ProbeIntervalJitter))).TotalMilliseconds;
        return due;
    }

    private async Task ProbeAsync(HttpClient client, ContactPoint point, CancellationToken stopping)
    {
        try
        {
            var address = new UriBuilder("http", point.Host, point.Port, "/bootstrap/seed-nodes").Uri;
            var said = await client.GetFromJsonAsync<SeedNodes>(address, stopping).ConfigureAwait(false);
            if (said?.Nodes is null) return;
            lock (_heard) _heard[point] = (said, Environment.TickCount64);
        }
        catch (Exception e) when (e is HttpRequestException or JsonException or NotSupportedException || (e is OperationCanceledException && !stopping.IsCancellationRequested))
        {
            log.Debug("Cluster Bootstrap has no answer of {0}:{1}: {2}", point.Host, point.Port, e.Message);
        }
    }

    /// <returns>Whether that is all.</returns>
    private bool Join(BootstrapDecision decision)
    {
        var cluster = AkkaCluster.Get(system);
        switch (decision)
        {
            case BootstrapDecision.JoinSelf:
                log.Info("Cluster Bootstrap has found no cluster; this node begins one");
                cluster.Join(cluster.SelfAddress);
                return true;
            case BootstrapDecision.JoinOthers others:
                log.Info("Cluster Bootstrap joins [{0}]", string.Join(", ", others.SeedNodes));
                cluster.JoinSeedNodes(others.SeedNodes.Select(Address.Parse).Where(seed => !seed.Equals(cluster.SelfAddress)));
                return true;
            default:
                return false;
        }
    }

    /// <summary>Longer and longer while look-ups fail.</summary>
    private TimeSpan Pause()
    {
        var pause = settings.Interval * Math.Pow(2, Math.Min(_failures, 10));
        return (pause < settings.BackoffMax ? pause : settings.BackoffMax) * (1 + (Random.Shared.NextDouble() * settings.BackoffRandomFactor));
    }
}
