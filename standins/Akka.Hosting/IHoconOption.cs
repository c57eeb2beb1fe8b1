using Akka.Actor.Setup;

namespace Akka.Hosting;

/// <summary>A part of the configuration that is chosen by a type.</summary>
public interface IHoconOption
{
    string ConfigPath { get; }

    Type Class { get; }

    void Apply(AkkaConfigurationBuilder builder, Setup? setup = null);
}

public interface IDiscoveryOptions : IHoconOption;
