using System.Reflection;
using Akka.Actor;
using Akka.Configuration;

namespace Akka.Cluster;

/// <summary>
/// Decides which members are lost, when they cannot be reached. An implementation has a public constructor (ActorSystem, Cluster).
/// </summary>
public interface IDowningProvider
{
    /// <summary>How long to wait after a downed member's removal before what it had may run elsewhere.</summary>
    TimeSpan DownRemovalMargin { get; }

    /// <summary>The actor that downs members; null for none.</summary>
    Props DowningActorProps { get; }
}

/// <summary>Leaves it to people to down members.</summary>
public sealed class NoDowning : IDowningProvider
{
    private readonly Cluster _cluster;

    public NoDowning(ActorSystem system, Cluster cluster)
    {
        _cluster = cluster;
    }

    public TimeSpan DownRemovalMargin => _cluster.Settings.DownRemovalMargin;

    public Props DowningActorProps => null;
}

internal static class DowningProvider
{
    /// <exception cref="ConfigurationException">There is no such provider.</exception>
    public static IDowningProvider Load(string typeName, ActorSystem system, Cluster cluster)
    {
        if (string.IsNullOrEmpty(typeName)) return new NoDowning(system, cluster);
        var type = Type.GetType(typeName);
        if (type is null || !typeof(IDowningProvider).IsAssignableFrom(type) || type.GetConstructor([typeof(ActorSystem), typeof(Cluster)]) is not { } make)
        {
            throw new ConfigurationException(
                $"akka.cluster.downing-provider-class is '{typeName}'; it must name an IDowningProvider with a constructor (ActorSystem, Cluster).");
        }

        return (IDowningProvider)make.Invoke(BindingFlags.DoNotWrapExceptions, null, [system, cluster], null);
    }
}
