using System.Collections.Immutable;
using ActorInference.Roles.Groups.Spec;

namespace ActorInference.Roles.Groups.Planning.Placing;

/// <summary>Gives out places one after the other, the largest needs first.</summary>
internal sealed class PlacementRound(IReadOnlyList<HostUse> hosts, Func<HostUse, bool> admitted)
{
    // One place decides before the next: identity, then links, then wishes, then balance.
    private const double SameGpus = 4e6, SameNode = 3e6, SameHost = 2e6, SameRack = 1e6, LinkStep = 1e4, WishStep = 10;

    /// <summary>What asks for nothing takes no share, and spreads all the same.</summary>
    private const double MemberStep = 1e-6;

    public PlacementResult Run(IEnumerable<PlacementRequest> requests)
    {
        var placed = ImmutableArray.CreateBuilder<Placed>();
        var unplaced = ImmutableArray.CreateBuilder<Unplaced>();
        foreach (var request in requests.OrderByDescending(request => request.Former is not null).ThenByDescending(request => request.Resources.Gpus).ThenByDescending(request => request.Resources.Cpus))
        {
            var refusals = new Refusals(hosts.Count);
            var options = new List<(HostUse Host, ImmutableArray<int> Gpus, double Score)>();
            foreach (var host in hosts)
            {
                if (Refusal(host, request) is var (cause, holders))
                {
                    refusals.Add(cause, holders);
                    continue;
                }

                var gpus = GpuChoice.Choose(host, request, PairedGpus(host, request));
                options.Add((host, gpus, Score(host, request, gpus)));
            }

            if (options.Count == 0)
            {
                unplaced.Add(new Unplaced(request, $"{refusals}"));
                continue;
            }

            var best = options.MaxBy(option => option.Score);
            placed.Add(new Placed(request, best.Host.Host.Name, best.Gpus));
            best.Host.Add(placed[^1]);
        }

        return new PlacementResult(placed.ToImmutable(), unplaced.ToImmutable());
    }

    private (string Cause, IEnumerable<string> Holders)? Refusal(HostUse host, PlacementRequest request)
    {
        if (Ruling(host, request) is { } ruling) return (ruling, []);
        return host.Lacks(request.Resources) is var (resource, holders) ? ($"too little {resource}", holders) : null;
    }

    private string? Ruling(HostUse host, PlacementRequest request)
    {
        var rules = request.Rules;
        if (host.Host.Name == request.Avoids) return "its agent has refused it";
        if (!admitted(host)) return "another group's domain, or not that of its own";
        if (rules.NodeSelector.Any(label => Label(host, label.Key) != label.Value)) return "not selected";
        if (!rules.RequiredNodes.IsEmpty && !rules.RequiredNodes.Any(term => term.All(requirement => requirement.Holds(host.Host.Labels)))) return "not of its node affinity";
        if (host.Collides(request) is { } port) return $"another instance has port {port.Name}, which is {port.Number} for all of the role";
        foreach (var term in rules.Affinity.Where(term => term.Weight is null))
        {
            if (!Near(host, request, term) && !IsFirst(request, term)) return "not near to what it must be near to";
        }

        return rules.AntiAffinity.Any(term => term.Weight is null && Near(host, request, term)) ? "near to what it must not be near to" : null;
    }

    /// <summary>Whether nothing is there yet that a member wants to be near to, and it is such a thing itself.</summary>
    private bool IsFirst(PlacementRequest request, AffinityTerm term) =>
        term.Selector.All(requirement => requirement.Holds(request.Labels)) && !hosts.SelectMany(host => host.Members).Any(member => Matches(member, term));

    private bool Near(HostUse host, PlacementRequest request, AffinityTerm term)
    {
        if (host.Host.Domain(term.TopologyKey) is not { } domain) return false;
        return hosts.Any(other => other.Host.Domain(term.TopologyKey) == domain && other.Members.Any(member => !IsSelf(member, request) && Matches(member, term)));
    }

    private static bool Matches(Placed member, AffinityTerm term) => term.Selector.All(requirement => requirement.Holds(member.Member.Labels));

    private static bool IsSelf(Placed member, PlacementRequest request) =>
        member.Member.Group == request.Group && member.Member.Instance == request.Instance && member.Member.Component == request.Component && member.Member.Index == request.Index;

    private double Score(HostUse host, PlacementRequest request, ImmutableArray<int> gpus)
    {
        var rules = request.Rules;
        double wishes = rules.PreferredNodes.Where(wish => wish.Requirements.All(requirement => requirement.Holds(host.Host.Labels))).Sum(wish => wish.Weight);
        wishes += rules.Affinity.Where(term => term.Weight is not null && Near(host, request, term)).Sum(term => term.Weight!.Value);
        wishes -= rules.AntiAffinity.Where(term => term.Weight is not null && Near(host, request, term)).Sum(term => term.Weight!.Value);
        return Identity(host, request, gpus) + (Link(host, request, gpus) * LinkStep) + (wishes * WishStep) + host.FreeShare - (host.Members.Count * MemberStep);
    }

    /// <summary>How near it is to where it was: the smallest domain that still holds it.</summary>
    private double Identity(HostUse host, PlacementRequest request, ImmutableArray<int> gpus)
    {
        if (request.Former is not { } former) return 0;
        if (former.Host == host.Host.Name)
        {
            if (former.Gpus.All(gpus.Contains)) return SameGpus;
            return gpus.All(gpu => former.Gpus.Any(old => GpuChoice.SameNode(host.Host, gpu, old))) ? SameNode : SameHost;
        }

        var rack = hosts.FirstOrDefault(other => other.Host.Name == former.Host)?.Host.Domain(HostTopology.RackKey);
        return rack is not null && rack == host.Host.Domain(HostTopology.RackKey) ? SameRack : 0;
    }

    /// <summary>The best link to an instance that it is paired with: 3 for NVLink, 0 for the network.</summary>
    private double Link(HostUse host, PlacementRequest request, ImmutableArray<int> gpus)
    {
        if (request.Paired.IsEmpty) return 0;
        var best = host.Host.Rdma && hosts.Any(other => other.Host.Rdma && other != host && other.Members.Any(member => IsPaired(member, request))) ? LinkKind.Rdma : LinkKind.Network;
        foreach (var member in host.Members.Where(member => IsPaired(member, request)))
        {
            var link = gpus.Any(gpu => member.Gpus.Any(other => GpuChoice.Link(host.Host, gpu, other) == LinkKind.NvLink)) ? LinkKind.NvLink : LinkKind.Pcie;
            if (link > best) best = link;
        }

        return (double)best;
    }

    private static bool IsPaired(Placed member, PlacementRequest request) => member.Member.Group == request.Group && request.Paired.Contains(member.Member.Instance.Role);

    private static List<int> PairedGpus(HostUse host, PlacementRequest request) => [.. host.Members.Where(member => IsPaired(member, request)).SelectMany(member => member.Gpus)];

    private static string? Label(HostUse host, string key) => host.Host.Domain(key);
}
