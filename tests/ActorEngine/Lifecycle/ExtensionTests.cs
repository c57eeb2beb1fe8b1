using Akka.Actor;
using Akka.Actor.Setup;
using Akka.Configuration;

namespace ActorInference.ActorEngine.Tests.Lifecycle;

public sealed class ExtensionTests : EngineTest
{
    [Fact]
    public void A_system_has_one_instance_of_an_extension()
    {
        Assert.False(Sys.HasExtension<CountingExtension>());

        var first = CountingExtensionId.Instance.Apply(Sys);
        var second = CountingExtensionId.Instance.Apply(Sys);

        Assert.Same(first, second);
        Assert.True(Sys.HasExtension<CountingExtension>());
        Assert.Same(first, Sys.GetExtension<CountingExtension>());
        Assert.Same(first, Sys.WithExtension<CountingExtension, CountingExtensionId>());
        Assert.Same(Sys, first.System);
    }

    [Fact]
    public async Task Each_system_has_its_own()
    {
        var other = ActorSystem.Create("other");

        Assert.NotSame(CountingExtensionId.Instance.Apply(Sys), CountingExtensionId.Instance.Apply(other));

        await other.Terminate();
    }

    [Fact]
    public void Many_threads_that_ask_at_once_get_the_same()
    {
        var instances = new CountingExtension[64];

        Parallel.For(0, instances.Length, i => instances[i] = CountingExtensionId.Instance.Apply(Sys));

        Assert.Single(instances.Distinct());
    }

    [Fact]
    public async Task The_configuration_can_name_extensions_to_load()
    {
        var system = ActorSystem.Create("loading", ConfigurationFactory.ParseString(
            """akka.extensions = ["ActorInference.ActorEngine.Tests.Lifecycle.CountingExtensionId, ActorInference.ActorEngine.Tests"]"""));

        Assert.True(system.HasExtension<CountingExtension>());

        await system.Terminate();
    }

    [Fact]
    public async Task A_setup_reaches_the_extension()
    {
        var setup = ActorSystemSetup.Create(
            BootstrapSetup.Create().WithConfig(ConfigurationFactory.ParseString("answer = 42")), new GreetingSetup("hello"));
        var system = ActorSystem.Create("set-up", setup);

        Assert.Equal("hello", system.Settings.Setup.Get<GreetingSetup>().Value.Greeting);
        Assert.Equal(42, system.Settings.Config.GetInt("answer"));

        await system.Terminate();
    }

    [Theory]
    [InlineData("")]
    [InlineData("-leading")]
    [InlineData("with space")]
    public void An_illegal_system_name_is_refused(string name)
    {
        Assert.Throws<ArgumentException>(() => ActorSystem.Create(name));
    }

    private sealed class GreetingSetup(string greeting) : Setup
    {
        public string Greeting { get; } = greeting;
    }
}

public sealed class CountingExtension(ActorSystem system) : IExtension
{
    public ActorSystem System { get; } = system;
}

public sealed class CountingExtensionId : ExtensionIdProvider<CountingExtension>
{
    public static readonly CountingExtensionId Instance = new();

    public override CountingExtension CreateExtension(ExtendedActorSystem system) => new(system);
}
