using ActorInference.Actors.Protocols;
using Akka.Configuration;

namespace ActorInference.Actors.Tests.Serialization;

/// <summary>The messages that have bytes, and the configuration that binds them.</summary>
internal static class WireMessages
{
    /// <summary>Every type that says it may travel.</summary>
    public static Type[] All { get; } =
    [
        .. typeof(IWireMessage).Assembly.GetTypes()
            .Where(type => type is { IsAbstract: false, IsInterface: false } && type.IsAssignableTo(typeof(IWireMessage)))
            .OrderBy(type => type.FullName, StringComparer.Ordinal),
    ];

    /// <summary>hocon/reference.conf.</summary>
    public static Config Reference { get; } =
        ConfigurationFactory.ParseString(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "reference.conf")));
}
