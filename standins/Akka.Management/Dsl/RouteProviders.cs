using System.Reflection;
using Akka.Actor;
using Akka.Configuration;

namespace Akka.Management.Dsl;

/// <summary>Makes the route providers that the configuration names.</summary>
internal static class RouteProviders
{
    /// <exception cref="ConfigurationException">One cannot be made.</exception>
    public static IEnumerable<IManagementRouteProvider> Load(ExtendedActorSystem system, IEnumerable<NamedRouteProvider> named) =>
        named.Where(each => !string.IsNullOrWhiteSpace(each.FullyQualifiedClassName)).Select(each => Load(system, each));

    private static IManagementRouteProvider Load(ExtendedActorSystem system, NamedRouteProvider named)
    {
        var path = $"akka.management.http.routes.{named.Name}";
        var type = Type.GetType(named.FullyQualifiedClassName)
            ?? throw new ConfigurationException($"{path} is '{named.FullyQualifiedClassName}', which is no type that can be loaded.");
        var made = Create(system, type, path);
        if (made is IExtensionId extension) made = system.RegisterExtension(extension);
        return made as IManagementRouteProvider
            ?? throw new ConfigurationException($"{path} is '{named.FullyQualifiedClassName}', which is no {nameof(IManagementRouteProvider)}.");
    }

    private static object Create(ExtendedActorSystem system, Type type, string path)
    {
        if (type.GetConstructor([]) is { } plain) return plain.Invoke(BindingFlags.DoNotWrapExceptions, null, [], null);
        var constructor = type.GetConstructor([typeof(ExtendedActorSystem)]) ?? type.GetConstructor([typeof(ActorSystem)])
            ?? throw new ConfigurationException($"{path} is {type}, which has no public constructor that takes nothing or an actor system.");
        return constructor.Invoke(BindingFlags.DoNotWrapExceptions, null, [system], null);
    }
}
