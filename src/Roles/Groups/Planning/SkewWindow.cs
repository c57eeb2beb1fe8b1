using System.Collections.Immutable;
using ActorInference.Roles.Groups.Spec;

namespace ActorInference.Roles.Groups.Planning;

/// <summary>
/// Native coordination: every role may start as many as keep it within the window ahead of what the others have finished. The window is
/// the skew; where not even one instance fits into it, the least in which one does.
/// </summary>
/// <remarks>
/// Nobody is further ahead of what another has finished than the window, so started shares differ by no more than the skew plus one replica
/// of the smaller role, whatever order the instances become ready in. With an order, plus one replica of each.
/// </remarks>
public static class SkewWindow
{
    private const double Exact = 1e-9;

    /// <param name="Started">Instances that are done or under way.</param>
    /// <param name="Finished">Those that are done: ready, or in their places.</param>
    /// <param name="Whole">What their shares are of; at least 1.</param>
    /// <param name="Goal">Where it ends; less than <paramref name="Whole"/> if a partition or a pause holds it.</param>
    public readonly record struct Member(string Role, int Started, int Finished, int Whole, int Goal)
    {
        public bool AtGoal => Finished >= Goal;

        public double Share => (double)Finished / Whole;

        /// <summary>What others see of it. One that is held counts one replica more: its goal was rounded down, and cannot catch up.</summary>
        public double Seen => AtGoal ? Math.Max(Share, Math.Min(Math.Max(1, Share), (Finished + 1.0) / Whole)) : Share;
    }

    /// <summary>How many each member may have started.</summary>
    /// <param name="skew">Share, or replicas; null does not bound.</param>
    /// <param name="order">Roles that go no further than those before them.</param>
    public static Dictionary<string, int> Allow(IReadOnlyList<Member> members, IntOrPercent? skew, ImmutableArray<string> order)
    {
        var allowed = new Dictionary<string, int>(StringComparer.Ordinal);
        var least = skew is null ? 0 : LeastWindow(members, order);
        foreach (var member in members)
        {
            var limit = member.Goal;
            if (skew is { } bound)
            {
                var window = Math.Max(bound.IsPercent ? bound.Number / 100 : bound.Number / member.Whole, least);
                var behind = members.Where(other => other.Role != member.Role).Select(other => other.Seen).DefaultIfEmpty(double.MaxValue / 1e9).Min();
                limit = Math.Min(limit, Floor(Math.Min(behind + window, 1e6) * member.Whole));
            }

            limit = Math.Min(limit, OrderLimit(member, members, order));
            allowed[member.Role] = Math.Max(limit, Math.Min(member.Started, member.Goal));
        }

        return allowed;
    }

    /// <summary>The greatest distance after the step of one instance that makes it least; 0 if the last of all is one that cannot move.</summary>
    private static double LeastWindow(IReadOnlyList<Member> members, ImmutableArray<string> order)
    {
        if (members.Count < 2 || members.MinBy(member => member.Seen).AtGoal) return 0;
        var (least, window) = (double.MaxValue, 0.0);
        foreach (var member in members)
        {
            if (member.AtGoal || OrderLimit(member, members, order) <= member.Finished) continue;
            var stepped = (member.Finished + 1.0) / member.Whole;
            var others = members.Where(other => other.Role != member.Role).Select(other => other.Seen).ToList();
            var (distance, ahead) = (Math.Max(others.Max(), stepped) - Math.Min(others.Min(), stepped), stepped - others.Min());
            if (distance > least + Exact || (distance > least - Exact && ahead >= window)) continue;
            (least, window) = (distance, ahead);
        }

        return window;
    }

    private static int OrderLimit(Member member, IReadOnlyList<Member> members, ImmutableArray<string> order)
    {
        var limit = member.Goal;
        foreach (var earlier in order.TakeWhile(role => role != member.Role))
        {
            if (!order.Contains(member.Role)) break;
            foreach (var other in members.Where(other => other.Role == earlier && !other.AtGoal)) limit = Math.Min(limit, Floor(other.Share * member.Whole));
        }

        return limit;
    }

    private static int Floor(double value) => (int)Math.Floor(value + Exact + (Math.Abs(value) * Exact));
}
