using ActorInference.Host.Benchmarks.Routing;

namespace ActorInference.Host.Tests.Benchmarks;

public sealed class RouteSimulationTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Routing_by_prefix_finds_more_and_answers_sooner_than_by_load_or_turns_and_overloads_nobody(int seed)
    {
        var work = RouteWork.Conversations(new RouteConversations { Clients = 32, Rounds = 6 }, seed);
        var results = Enum.GetValues<RoutePolicy>().ToDictionary(policy => policy, policy => RouteSimulation.Run(work, new RouteWorkers(), policy));

        var prefix = results[RoutePolicy.Prefix];
        foreach (var other in new[] { results[RoutePolicy.RoundRobin], results[RoutePolicy.LeastLoad] })
        {
            Assert.Equal(work.Requests.Count, other.Requests);
            Assert.True(prefix.PrefillHitRate > other.PrefillHitRate + 0.05, $"{prefix} against {other}");
            Assert.True(prefix.DecodeHitRate > other.DecodeHitRate + 0.05, $"{prefix} against {other}");
            Assert.True(prefix.TtftMs < other.TtftMs, $"{prefix} against {other}");
        }

        Assert.InRange(prefix.BusiestShare, 0.5, 0.65);
    }
}
