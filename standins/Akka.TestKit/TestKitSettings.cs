using Akka.Actor;
using Akka.Configuration;

namespace Akka.TestKit;

/// <summary>The section <c>akka.test</c>.</summary>
public class TestKitSettings : IExtension
{
    public TestKitSettings(Config config)
    {
        if (config.IsNullOrEmpty()) throw ConfigurationException.NullOrEmptyConfig<TestKitSettings>();
        DefaultTimeout = config.GetTimeSpan("akka.test.default-timeout", null, allowInfinite: false);
        SingleExpectDefault = config.GetTimeSpan("akka.test.single-expect-default", null, allowInfinite: false);
        TestEventFilterLeeway = config.GetTimeSpan("akka.test.filter-leeway", null, allowInfinite: false);
        TestTimeFactor = config.GetDouble("akka.test.timefactor");
        if (TestTimeFactor <= 0) throw new ConfigurationException($"akka.test.timefactor is {TestTimeFactor}; it must be positive.");
    }

    public TimeSpan DefaultTimeout { get; }

    /// <summary>How long one expectation waits that is given no time.</summary>
    public TimeSpan SingleExpectDefault { get; }

    /// <summary>How long an event filter waits for the events that it expects.</summary>
    public TimeSpan TestEventFilterLeeway { get; }

    /// <summary>By which times are multiplied, for slow machines.</summary>
    public double TestTimeFactor { get; }
}

public class TestKitExtension : ExtensionIdProvider<TestKitSettings>
{
    public static TestKitSettings For(ActorSystem system) => (TestKitSettings)system.RegisterExtension(new TestKitExtension());

    public override TestKitSettings CreateExtension(ExtendedActorSystem system) => new(system.Settings.Config);
}
