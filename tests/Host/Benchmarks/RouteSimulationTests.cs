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

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void A_router_that_begins_anew_routes_as_well_as_before_because_workers_say_what_they_have(int seed)
    {
        var work = RouteWork.Conversations(new RouteConversations { Clients = 32, Rounds = 6 }, seed);
        RouteResult Run(RoutePolicy policy) => RouteSimulation.Run(work, new RouteWorkers(), policy);

        var (before, told, untold) = (Run(RoutePolicy.Prefix), Run(RoutePolicy.Restarted), Run(RoutePolicy.RestartedUntold));

        Assert.True(told.LaterPrefillHitRate > before.LaterPrefillHitRate - 0.01, $"{told} against {before}");
        Assert.True(told.LaterDecodeHitRate > before.LaterDecodeHitRate - 0.01, $"{told} against {before}");
        Assert.True(untold.LaterPrefillHitRate < told.LaterPrefillHitRate - 0.03, $"{untold} against {told}");
        Assert.True(untold.LaterDecodeHitRate < told.LaterDecodeHitRate - 0.03, $"{untold} against {told}");
    }
}
