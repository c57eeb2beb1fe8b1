using System.Collections.Immutable;

namespace ActorInference.Roles.Groups.Planning.Placing;

/// <summary>Where members of instances go. Pure: the same question has the same answer.</summary>
public static class Placement
{
    /// <summary>Gives places to members of one group.</summary>
    /// <param name="existing">Members that have theirs, of all groups; those of hosts that are not listed are passed over.</param>
    /// <returns>What is placed, and what is not and why. An incomplete gang places nothing.</returns>
    public static PlacementResult Place(IReadOnlyList<HostTopology> hosts, IReadOnlyCollection<Placed> existing, IReadOnlyCollection<PlacementRequest> requests, PlacementOptions options)
    {
        if (requests.Count == 0) return new PlacementResult([], []);
        var uses = hosts.OrderBy(host => host.Name, StringComparer.Ordinal).Select(host => new HostUse(host)).ToList();
        var byName = uses.ToDictionary(use => use.Host.Name, StringComparer.Ordinal);
        foreach (var member in existing)
        {
            if (byName.TryGetValue(member.Host, out var use)) use.Add(member);
        }

        var result = options.Exclusive is { } key ? InOneDomain(uses, requests, key) : new PlacementRound(uses, _ => true).Run(requests);
        return options.Gang is { } gang && !Suffices(result, existing, requests, gang.MinReplicas) ? Refused(result) : result;
    }

    /// <summary>All in one domain that no other group is in: the one that takes most of them.</summary>
    private static PlacementResult InOneDomain(List<HostUse> uses, IReadOnlyCollection<PlacementRequest> requests, string key)
    {
        var group = requests.First().Group;
        var own = uses.Where(use => use.Members.Any(member => member.Member.Group == group)).Select(use => use.Host.Domain(key)).FirstOrDefault(domain => domain is not null);
        var foreign = uses.Where(use => use.Host.Taken.Any(share => share.Group != group) || use.Members.Any(member => member.Member.Group != group)).Select(use => use.Host.Domain(key)).ToHashSet();
        var domains = uses.Select(use => use.Host.Domain(key)).OfType<string>().Distinct().Where(domain => own is null ? !foreign.Contains(domain) : domain == own);
        PlacementResult? best = null;
        foreach (var domain in domains.Order(StringComparer.Ordinal))
        {
            var result = new PlacementRound([.. uses.Select(use => use.Copy())], host => host.Host.Domain(key) == domain).Run(requests);
            if (best is null || result.Placed.Length > best.Placed.Length) best = result;
        }

        return best ?? new PlacementResult([], [.. requests.Select(request => new Unplaced(request, $"no domain of {key} is free for the group alone"))]);
    }

    private static bool Suffices(PlacementResult result, IReadOnlyCollection<Placed> existing, IReadOnlyCollection<PlacementRequest> requests, ImmutableSortedDictionary<string, int> minimum)
    {
        foreach (var role in requests.GroupBy(request => request.Instance.Role))
        {
            var asked = role.Select(request => request.Instance.Ordinal).Distinct().ToList();
            var missing = result.Unplaced.Where(unplaced => unplaced.Member.Instance.Role == role.Key).Select(unplaced => unplaced.Member.Instance.Ordinal).Distinct().Count();
            if (missing == 0) continue;
            var there = existing.Where(member => member.Member.Group == role.First().Group && member.Member.Instance.Role == role.Key).Select(member => member.Member.Instance.Ordinal).Distinct().Count(ordinal => !asked.Contains(ordinal));
            if (!minimum.TryGetValue(role.Key, out var least) || there + asked.Count - missing < least) return false;
        }

        return true;
    }

    private static PlacementResult Refused(PlacementResult result)
    {
        var missing = string.Join(", ", result.Unplaced.Select(unplaced => $"{unplaced.Member.Instance}").Distinct());
        var waiting = result.Placed.Select(placed => new Unplaced(placed.Member, $"its gang is incomplete: no place for {missing}"));
        return new PlacementResult([], [.. result.Unplaced, .. waiting]);
    }
}
