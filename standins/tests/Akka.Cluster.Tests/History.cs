using System.Collections.Immutable;
using Akka.Actor;
using Akka.Cluster;
using Akka.Util;

namespace ActorInference.Standins.Cluster.Tests;

/// <summary>
/// A made-up life of a cluster: nodes that each hold a gossip, change it as a daemon would, and now and then merge another's. What
/// they hold at some moment is what gossips can be.
/// </summary>
internal sealed class History
{
    private readonly Random _random;
    private readonly Gossip[] _held;

    private History(int seed, int nodes)
    {
        _random = new Random(seed);
        Nodes = [.. Enumerable.Range(0, nodes).Select(Node)];
        _held = [.. Enumerable.Repeat(Gossip.Empty, nodes)];
    }

    public ImmutableArray<UniqueAddress> Nodes { get; }

    public IReadOnlyList<Gossip> Held => _held;

    public static UniqueAddress Node(int index) => new(new Address("akka.tcp", "nodes", "10.0.0." + (index + 1), 4053), 1000 + index);

    public static Member Joining(UniqueAddress node, params string[] roles) => Member.Create(node, [.. roles], AppVersion.Create("1.0.0"));

    public static Member Up(int index, int upNumber, params string[] roles) => Joining(Node(index), roles).CopyUp(upNumber);

    public static Gossip Of(params Member[] members) => Gossip.Empty.With(members);

    public static History Random(int seed, int nodes = 5, int steps = 60)
    {
        var history = new History(seed, nodes);
        for (var i = 0; i < steps; i++) history.Step();
        return history;
    }

    private void Step()
    {
        var (at, about) = (_random.Next(Nodes.Length), Nodes[_random.Next(Nodes.Length)]);
        var gossip = _held[at];
        if (_random.Next(3) == 0)
        {
            _held[at] = gossip.Merge(_held[_random.Next(Nodes.Length)]).AddSeen(Nodes[at]);
            return;
        }

        var changed = Change(gossip, Nodes[at], about);
        if (!ReferenceEquals(changed, gossip)) _held[at] = changed.ChangedBy(Nodes[at]);
    }

    private Gossip Change(Gossip gossip, UniqueAddress by, UniqueAddress about)
    {
        if (!gossip.Members.TryGetValue(about, out var member))
            return gossip.Tombstones.ContainsKey(about) ? gossip : gossip.With(Joining(about, _random.Next(2) == 0 ? "a" : "b"));
        switch (_random.Next(7))
        {
            case 0:
                return gossip.With(member.Status.CanBecome(MemberStatus.Down) ? member.Copy(MemberStatus.Down) : member);
            case 1 when member.Status is MemberStatus.Down or MemberStatus.Exiting && by != about:
                return gossip.Remove(about, 1_000 + _random.Next(50));
            case 2 when gossip.HasMember(by):
                return gossip with { Reachability = gossip.Reachability.Unreachable(by, about) };
            case 3 when gossip.HasMember(by):
                return gossip with { Reachability = gossip.Reachability.Reachable(by, about) };
            default:
                return gossip.With(Further(member));
        }
    }

    private Member Further(Member member) => member.Status switch
    {
        MemberStatus.Joining => _random.Next(2) == 0 ? member.Copy(MemberStatus.WeaklyUp) : member.CopyUp(_random.Next(1, 9)),
        MemberStatus.WeaklyUp => member.CopyUp(_random.Next(1, 9)),
        MemberStatus.Up => member.Copy(MemberStatus.Leaving),
        MemberStatus.Leaving => member.Copy(MemberStatus.Exiting),
        _ => member,
    };
}

/// <summary>Runs a property for many seeds, and names the one for which it fails.</summary>
internal static class Property
{
    public static void Holds(Action<int> forSeed, int seeds = 400)
    {
        for (var seed = 1; seed <= seeds; seed++)
        {
            try
            {
                forSeed(seed);
            }
            catch (Exception e)
            {
                throw new InvalidOperationException($"It does not hold for seed {seed}: {e.Message}", e);
            }
        }
    }
}
