using System.Collections.Immutable;

namespace ActorInference.Roles.Groups.Planning.Placing;

/// <summary>Which GPUs of a host: the former ones, else those that reach each other, and those that the member is paired with, fastest.</summary>
internal static class GpuChoice
{
    private const int FormerBonus = 1000;
    private const int SameNodeBonus = 2;

    public static ImmutableArray<int> Choose(HostUse host, PlacementRequest request, IReadOnlyCollection<int> paired)
    {
        var count = request.Resources.Gpus;
        if (count == 0) return [];
        var former = request.Former is { } place && place.Host == host.Host.Name ? place.Gpus : [];
        var best = host.FreeGpus.Select(first => Grow(host, first, count, former, paired)).MaxBy(choice => choice.Score);
        return [.. best.Gpus.Order()];
    }

    /// <summary>From one GPU on, each time the one that adds most.</summary>
    private static (List<int> Gpus, int Score) Grow(HostUse host, int first, int count, ImmutableArray<int> former, IReadOnlyCollection<int> paired)
    {
        var (gpus, score) = (new List<int> { first }, Value(host.Host, first, [], former, paired));
        while (gpus.Count < count)
        {
            var next = host.FreeGpus.Except(gpus).MaxBy(gpu => Value(host.Host, gpu, gpus, former, paired));
            score += Value(host.Host, next, gpus, former, paired);
            gpus.Add(next);
        }

        return (gpus, score);
    }

    private static int Value(HostTopology host, int gpu, List<int> chosen, ImmutableArray<int> former, IReadOnlyCollection<int> paired)
    {
        var value = former.Contains(gpu) ? FormerBonus : 0;
        foreach (var index in former) value += SameNode(host, gpu, index) ? SameNodeBonus : 0;
        foreach (var other in chosen.Concat(paired)) value += (int)Link(host, gpu, other) + (SameNode(host, gpu, other) ? SameNodeBonus : 0);
        return value;
    }

    public static LinkKind Link(HostTopology host, int left, int right) =>
        host.Gpus.FirstOrDefault(gpu => gpu.Index == left) is { } device && device.NvLinks.Contains(right) ? LinkKind.NvLink : LinkKind.Pcie;

    public static bool SameNode(HostTopology host, int left, int right) => Node(host, left) is { } node && node == Node(host, right);

    private static int? Node(HostTopology host, int index) => host.Gpus.FirstOrDefault(gpu => gpu.Index == index)?.NumaNode;
}
