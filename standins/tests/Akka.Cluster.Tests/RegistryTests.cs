using System.Collections.Immutable;
using Akka.Cluster;
using Akka.Cluster.Tools.PublishSubscribe;

namespace ActorInference.Standins.Cluster.Tests;

public sealed class RegistryTests
{
    private static readonly ImmutableHashSet<UniqueAddress> Members = [.. Enumerable.Range(0, 4).Select(History.Node)];

    [Fact]
    public void Registries_that_gossip_come_to_know_the_same_whatever_was_lost() => Property.Holds(
        seed =>
        {
            var random = new Random(seed);
            var registries = Members.Order().Select(node => (Node: node, Registry: new Registry(node))).ToArray();
            for (var step = 0; step < 80; step++)
            {
                var (_, changed) = registries[random.Next(registries.Length)];
                var delta = changed.Set(RegistryKey.Topic($"t{random.Next(6)}", random.Next(2) == 0 ? null : "g"), random.Next(2) == 0, step);
                if (delta is null) continue;
                foreach (var (_, other) in registries.Where(_ => random.Next(3) > 0)) other.Apply(delta, Members, step);   // The rest is lost.
            }

            // Few at a time, so that several rounds are needed.
            for (var round = 0; round < 40; round++)
            {
                foreach (var (_, asking) in registries)
                    asking.Apply(registries[random.Next(registries.Length)].Registry.Missing(asking.Versions, most: 3), Members, 100);
            }

            foreach (var (_, registry) in registries)
            {
                Assert.Equal(registries[0].Registry.Topics.Order(), registry.Topics.Order());
                for (var topic = 0; topic < 6; topic++)
                {
                    var key = RegistryKey.Topic($"t{topic}", null);
                    Assert.Equal(registries[0].Registry.NodesWith(key).Order(), registry.NodesWith(key).Order());
                }
            }
        },
        seeds: 200);

    [Fact]
    public void What_was_removed_long_ago_is_forgotten_and_not_asked_for_again()
    {
        var (a, b) = (new Registry(History.Node(0)), new Registry(History.Node(1)));
        a.Set(RegistryKey.Path("/user/x"), isPresent: true, nowMs: 1);
        a.Set(RegistryKey.Path("/user/x"), isPresent: false, nowMs: 2);
        a.Prune(removedBeforeMs: 10);

        b.Apply(a.Missing(b.Versions, most: 100), Members, nowMs: 11);

        Assert.Empty(b.NodesWith(RegistryKey.Path("/user/x")));
        Assert.False(b.IsBehind(a.Versions, Members));
    }

    [Fact]
    public void The_entries_of_a_node_that_is_gone_are_forgotten()
    {
        var (a, b) = (new Registry(History.Node(0)), new Registry(History.Node(1)));
        var delta = a.Set(RegistryKey.Topic("news", null), isPresent: true, nowMs: 1);
        b.Apply(delta, Members, nowMs: 1);
        Assert.Equal(["news"], b.Topics);

        b.Forget(History.Node(0));

        Assert.Empty(b.Topics);
    }
}
