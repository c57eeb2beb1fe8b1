using Akka.Actor;
using Akka.Discovery;
using Akka.Discovery.Config;
using static Akka.Discovery.ServiceDiscovery;

namespace ActorInference.Management.Tests.Discovery;

public sealed class ConfigDiscoveryTests
{
    private const string Services = """
        akka.discovery {
          method = config
          config.services {
            router.endpoints = ["alpha:8558", "beta"]
            empty.endpoints = []
          }
        }
        """;

    [Fact]
    public async Task The_default_method_knows_the_endpoints_of_the_configuration()
    {
        await using var test = new TestSystem(Services);

        var found = await Akka.Discovery.Discovery.Get(test.System).Default.Lookup("router", TestSystem.Limit);

        Assert.Equal("router", found.ServiceName);
        Assert.Equal([new ResolvedTarget("alpha", 8558), new ResolvedTarget("beta")], found.Addresses);
    }

    [Theory]
    [InlineData("empty")]
    [InlineData("nobody")]
    public async Task A_service_without_endpoints_has_no_addresses(string service)
    {
        await using var test = new TestSystem(Services);

        var found = await Akka.Discovery.Discovery.Get(test.System).Default.Lookup(new Lookup(service), TestSystem.Limit);

        Assert.Empty(found.Addresses);
    }

    [Fact]
    public async Task Endpoints_come_and_go()
    {
        await using var test = new TestSystem(Services);
        var discovery = (ConfigServiceDiscovery)Akka.Discovery.Discovery.Get(test.System).LoadServiceDiscovery("config");
        var gamma = new ResolvedTarget("gamma", 1);

        Assert.True(discovery.TryAddEndpoint("router", gamma));
        Assert.Contains(gamma, (await discovery.Lookup("router", TestSystem.Limit)).Addresses);
        Assert.True(discovery.TryRemoveEndpoint("router", gamma));
        Assert.DoesNotContain(gamma, (await discovery.Lookup("router", TestSystem.Limit)).Addresses);
    }

    [Fact]
    public async Task A_method_is_made_once()
    {
        await using var test = new TestSystem(Services);
        var discovery = Akka.Discovery.Discovery.Get(test.System);

        Assert.Same(discovery.Default, discovery.LoadServiceDiscovery("config"));
        Assert.Same(discovery, Akka.Discovery.Discovery.Get(test.System));
    }

    [Theory]
    [InlineData("")]
    [InlineData("akka.discovery.method = nonsense")]
    public async Task Without_a_method_that_exists_there_is_no_default(string hocon)
    {
        await using var test = new TestSystem(hocon);

        Assert.ThrowsAny<Exception>(() => Akka.Discovery.Discovery.Get(test.System).Default);
    }

    [Fact]
    public async Task Aggregate_asks_in_order_and_passes_over_what_fails_or_knows_nothing()
    {
        var failing = typeof(FailingDiscovery);
        await using var test = new TestSystem($$"""
            akka.discovery {
              method = aggregate
              aggregate.discovery-methods = ["failing", "none", "config"]
              failing.class = "{{failing.FullName}}, {{failing.Assembly.GetName().Name}}"
              none { class = "Akka.Discovery.Config.ConfigServiceDiscovery, Akka.Discovery", services-path = "nowhere" }
            }
            nowhere = {}
            """ + "\n" + Services.Replace("method = config", "", StringComparison.Ordinal));

        var found = await Akka.Discovery.Discovery.Get(test.System).Default.Lookup("router", TestSystem.Limit);

        Assert.Equal(["alpha", "beta"], found.Addresses.Select(each => each.Host));
    }

    public sealed class FailingDiscovery(ExtendedActorSystem system) : ServiceDiscovery
    {
        public override Task<Resolved> Lookup(Lookup lookup, TimeSpan resolveTimeout) =>
            throw new InvalidOperationException($"{system.Name} finds nothing.");
    }
}
