using System.Collections.Concurrent;
using Akka.Actor;
using Akka.Configuration;

namespace Akka.Discovery;

/// <summary>Makes the one <see cref="Discovery"/> of a system.</summary>
public class DiscoveryProvider : ExtensionIdProvider<Discovery>
{
    public override Discovery CreateExtension(ExtendedActorSystem system) => new(system);
}

/// <summary>Finds where services are, by the methods of <c>akka.discovery</c>.</summary>
public class Discovery : IExtension
{
    private const string Unset = "<method>";

    private readonly ExtendedActorSystem _system;
    private readonly ConcurrentDictionary<string, Lazy<ServiceDiscovery>> _byMethod = new();

    public Discovery(ExtendedActorSystem system)
    {
        _system = system;
        system.Settings.InjectTopLevelFallback(DefaultConfiguration());
    }

    /// <summary>The method that <c>akka.discovery.method</c> names.</summary>
    /// <exception cref="ArgumentException">It names none, or one that cannot be loaded.</exception>
    public ServiceDiscovery Default => LoadServiceDiscovery(DefaultMethod());

    public static Discovery Get(ActorSystem system) => system.WithExtension<Discovery, DiscoveryProvider>();

    public static Configuration.Config DefaultConfiguration() => ConfigurationFactory.FromResource<Discovery>("Akka.Discovery.reference.conf");

    /// <summary>The one instance of a method.</summary>
    /// <param name="method">A section below <c>akka.discovery</c> or at the top level that has a class, or a class's name.</param>
    /// <exception cref="ArgumentException">There is none, or it cannot be made.</exception>
    public ServiceDiscovery LoadServiceDiscovery(string method) =>
        _byMethod.GetOrAdd(method, name => new Lazy<ServiceDiscovery>(() => Create(name))).Value;

    private string DefaultMethod()
    {
        var method = _system.Settings.Config.GetString("akka.discovery.method");
        return string.IsNullOrWhiteSpace(method) || method == Unset
            ? throw new ArgumentException("akka.discovery.method is not set; it must name a discovery method, such as config or akka-dns.")
            : method;
    }

    private ServiceDiscovery Create(string method)
    {
        var (className, section) = Find(method);
        var type = Type.GetType(className ?? method);
        if (type is null || !typeof(ServiceDiscovery).IsAssignableFrom(type))
        {
            throw new ArgumentException(className is null
                ? $"The discovery method is '{method}'; expected a section akka.discovery.{method} with a class, or the name of a {nameof(ServiceDiscovery)}."
                : $"The class of discovery method '{method}' is '{className}'; expected the name of a {nameof(ServiceDiscovery)} that can be loaded.");
        }

        object[][] argumentSets = [[_system, section], [_system], []];
        foreach (var arguments in argumentSets)
        {
            if (type.GetConstructor([.. arguments.Select(argument => argument is Configuration.Config ? typeof(Configuration.Config) : typeof(ExtendedActorSystem))]) is { } constructor)
                return (ServiceDiscovery)constructor.Invoke(System.Reflection.BindingFlags.DoNotWrapExceptions, null, arguments, null);
        }

        throw new ArgumentException($"{type} has no public constructor that takes ({nameof(ExtendedActorSystem)}, Config), ({nameof(ExtendedActorSystem)}) or nothing.");
    }

    private (string ClassName, Configuration.Config Section) Find(string method)
    {
        var config = _system.Settings.Config;
        foreach (var path in (string[])[$"akka.discovery.{method}", method])
        {
            // A class name is no path: its comma and blanks would be read as part of a key.
            if (method.Contains(',', StringComparison.Ordinal)) break;
            if (config.GetValue(path) is { } value && value.IsObject() && config.GetString($"{path}.class") is { } className)
                return (className, config.GetConfig(path));
        }

        return (null, Configuration.Config.Empty);
    }
}
