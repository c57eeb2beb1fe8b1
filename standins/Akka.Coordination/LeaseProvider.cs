using System.Collections.Concurrent;
using System.Reflection;
using Akka.Actor;
using Akka.Configuration;

namespace Akka.Coordination;

/// <summary>Makes the one <see cref="LeaseProvider"/> of a system.</summary>
public class LeaseProviderExtensionProvider : ExtensionIdProvider<LeaseProvider>
{
    public override LeaseProvider CreateExtension(ExtendedActorSystem system) => new(system);
}

/// <summary>The leases of a system: one object for each name, section and owner.</summary>
public class LeaseProvider : IExtension
{
    private readonly ExtendedActorSystem _system;
    private readonly ConcurrentDictionary<(string Name, string Path, string Owner), Lazy<Lease>> _leases = new();

    public LeaseProvider(ExtendedActorSystem system)
    {
        _system = system;
        system.Settings.InjectTopLevelFallback(DefaultConfig());
    }

    public static LeaseProvider Get(ActorSystem system) => system.WithExtension<LeaseProvider, LeaseProviderExtensionProvider>();

    public static Config DefaultConfig() => ConfigurationFactory.FromResource<LeaseProvider>("Akka.Coordination.coordination.conf");

    /// <param name="configPath">The implementation's section, whose lease-class names it; what it does not say is as in <c>akka.coordination.lease</c>.</param>
    /// <exception cref="ConfigurationException">There is no such section, or its class cannot be used.</exception>
    public Lease GetLease(string leaseName, string configPath, string ownerName) =>
        _leases.GetOrAdd((leaseName, configPath, ownerName), key => new Lazy<Lease>(() => Create(key.Name, key.Path, key.Owner))).Value;

    private Lease Create(string name, string path, string owner)
    {
        var section = _system.Settings.Config.GetConfig(path)
            ?? throw new ConfigurationException($"There is no section {path}; it must have a lease-class.");
        var config = section.WithFallback(_system.Settings.Config.GetConfig("akka.coordination.lease"));
        var settings = LeaseSettings.Create(config, name, owner);
        var className = config.GetString("lease-class");
        var type = string.IsNullOrEmpty(className) ? null : Type.GetType(className);
        if (typeof(Lease).IsAssignableFrom(type))
        {
            object[][] argumentSets = [[settings, _system], [settings]];
            foreach (var arguments in argumentSets)
            {
                if (type.GetConstructor([.. arguments.Select(each => each is LeaseSettings ? typeof(LeaseSettings) : typeof(ExtendedActorSystem))]) is { } make)
                    return (Lease)make.Invoke(BindingFlags.DoNotWrapExceptions, null, arguments, null);
            }
        }

        throw new ConfigurationException(
            $"{path}.lease-class is '{className}'; it must name a {nameof(Lease)} with a constructor (LeaseSettings, ExtendedActorSystem) or (LeaseSettings).");
    }
}
