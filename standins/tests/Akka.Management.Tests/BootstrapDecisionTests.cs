using System.Collections.Immutable;
using Akka.Configuration;
using Akka.Management.Cluster.Bootstrap;
using Akka.Management.Dsl;

namespace ActorInference.Standins.Management.Tests;

public sealed class BootstrapDecisionTests
{
    private static readonly ContactPoint Low = new("10.0.0.2", 8558);
    private static readonly ContactPoint High = new("10.0.0.10", 8558);
    private static readonly TimeSpan Long = TimeSpan.FromMinutes(1);

    [Fact]
    public void Whoever_knows_of_members_is_followed_at_once()
    {
        var said = new SeedNodes("b", [new SeedNode("akka.tcp://a@b:1", 1, "Up", [])]);

        var decision = BootstrapDecision.Of(Settings(""), TimeSpan.Zero, Low, [High], new Dictionary<ContactPoint, SeedNodes> { [High] = said });

        Assert.Equal(["akka.tcp://a@b:1"], Assert.IsType<BootstrapDecision.JoinOthers>(decision).SeedNodes);
    }

    [Fact]
    public void The_lowest_begins_and_no_other_does()
    {
        Assert.IsType<BootstrapDecision.JoinSelf>(Decide("", Long, Low, Low, High));
        Assert.IsType<BootstrapDecision.KeepProbing>(Decide("", Long, High, Low, High));
    }

    [Theory]
    [InlineData("new-cluster-enabled = off")]
    [InlineData("contact-point-discovery.required-contact-point-nr = 3")]
    [InlineData("contact-point-discovery.stable-margin = 2 minutes")]
    public void Nobody_begins_before_all_is_as_asked_for(string hocon) => Assert.IsType<BootstrapDecision.KeepProbing>(Decide(hocon, Long, Low, Low, High));

    [Fact]
    public void Nobody_begins_who_is_not_found_itself() => Assert.IsType<BootstrapDecision.KeepProbing>(Decide("", Long, new ContactPoint("10.0.0.1", 8558), Low, High));

    [Fact]
    public void Nobody_begins_while_one_is_silent_unless_that_does_not_matter()
    {
        var heard = new Dictionary<ContactPoint, SeedNodes> { [Low] = new("a", []), [High] = new("b", []) };
        ImmutableHashSet<ContactPoint> found = [Low, High, new ContactPoint("10.0.0.11", 8558)];

        Assert.IsType<BootstrapDecision.KeepProbing>(BootstrapDecision.Of(Settings(""), Long, Low, found, heard));
        Assert.IsType<BootstrapDecision.JoinSelf>(
            BootstrapDecision.Of(Settings("contact-point-discovery.contact-with-all-contact-points = off"), Long, Low, found, heard));
    }

    [Theory]
    [InlineData("contact-point-discovery.interval = 0s", "interval")]
    [InlineData("contact-point.fallback-port = many", "fallback-port")]
    [InlineData("join-decider.class = Mine", "join-decider.class")]
    public void A_setting_that_cannot_be_used_is_named(string hocon, string named)
    {
        var failure = Assert.Throws<ConfigurationException>(() => Settings(hocon));

        Assert.Contains(named, failure.Message, StringComparison.Ordinal);
    }

    private static BootstrapDecision Decide(string hocon, TimeSpan unchangedFor, ContactPoint self, params ContactPoint[] found) => BootstrapDecision.Of(
        Settings(hocon), unchangedFor, self, [.. found], found.ToDictionary(point => point, point => new SeedNodes(point.Host, [])));

    private static BootstrapSettings Settings(string hocon) => BootstrapSettings.Read(
        ConfigurationFactory.ParseString($"akka.management.cluster.bootstrap {{\n{hocon}\n}}").WithFallback(AkkaManagementProvider.DefaultConfiguration()), "nodes");
}
