using System.Collections.Immutable;
using Akka.Actor;
using Akka.Actor.Setup;
using Akka.Configuration;
using Akka.DependencyInjection;
using Akka.Hosting.Logging;
using Akka.Serialization;
using Akka.Util;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Akka.Hosting;

/// <summary>Starts actors when their system has started.</summary>
public delegate Task ActorStarter(ActorSystem system, IActorRegistry registry);

public delegate Task ActorStarterWithResolver(ActorSystem system, IActorRegistry registry, IDependencyResolver resolver);

/// <summary>Runs when all actors have been started.</summary>
public delegate Task StartupTask(ActorSystem system, IActorRegistry registry);

/// <summary>Where a configuration goes that is added to others.</summary>
public enum HoconAddMode
{
    /// <summary>Below them, as a fallback.</summary>
    Append,

    /// <summary>Above them.</summary>
    Prepend,

    /// <summary>In their stead.</summary>
    Replace,
}

/// <summary>Collects what an actor system of a host consists of.</summary>
public sealed class AkkaConfigurationBuilder
{
    internal readonly HashSet<Setup> Setups = [];

    private readonly List<(string Id, ImmutableHashSet<Type> Types, Func<ExtendedActorSystem, Serializer> Create)> _serializers = [];
    private readonly List<ActorStarterWithResolver> _actorStarters = [];
    private readonly List<StartupTask> _startupTasks = [];
    private readonly HashSet<Type> _extensions = [];

    public AkkaConfigurationBuilder(IServiceCollection serviceCollection, string actorSystemName)
    {
        ServiceCollection = serviceCollection;
        ActorSystemName = actorSystemName;
    }

    public Option<ProviderSelection> ActorRefProvider { get; private set; } = Option<ProviderSelection>.None;

    public Option<Config> Configuration { get; private set; } = Option<Config>.None;

    internal IServiceCollection ServiceCollection { get; }

    internal string ActorSystemName { get; }

    public AkkaConfigurationBuilder StartActors(Action<ActorSystem, IActorRegistry> starter) => StartActors((system, registry, _) => starter(system, registry));

    public AkkaConfigurationBuilder StartActors(Action<ActorSystem, IActorRegistry, IDependencyResolver> starter)
    {
        return StartActors(Run);
        Task Run(ActorSystem system, IActorRegistry registry, IDependencyResolver resolver)
        {
            starter(system, registry, resolver);
            return Task.CompletedTask;
        }
    }

    public AkkaConfigurationBuilder StartActors(ActorStarter starter)
    {
        return StartActors(Run);
        Task Run(ActorSystem system, IActorRegistry registry, IDependencyResolver resolver) => starter(system, registry);
    }

    public AkkaConfigurationBuilder StartActors(ActorStarterWithResolver starter)
    {
        _actorStarters.Add(starter);
        return this;
    }

    public AkkaConfigurationBuilder AddStartup(Action<ActorSystem, IActorRegistry> startupTask)
    {
        return AddStartup(Run);
        Task Run(ActorSystem system, IActorRegistry registry)
        {
            startupTask(system, registry);
            return Task.CompletedTask;
        }
    }

    public AkkaConfigurationBuilder AddStartup(StartupTask startupTask)
    {
        _startupTasks.Add(startupTask);
        return this;
    }

    /// <param name="serializerIdentifier">Its name in the configuration.</param>
    /// <param name="boundTypes">The messages that it is for.</param>
    public AkkaConfigurationBuilder WithCustomSerializer(
        string serializerIdentifier, IEnumerable<Type> boundTypes, Func<ExtendedActorSystem, Serializer> serializerFactory)
    {
        _serializers.Add((serializerIdentifier, boundTypes.ToImmutableHashSet(), serializerFactory));
        return this;
    }

    /// <summary>Extensions that start with the system.</summary>
    /// <exception cref="ConfigurationException">A type is no extension id, or cannot be made without arguments.</exception>
    public AkkaConfigurationBuilder WithExtensions(params Type[] extensions)
    {
        foreach (var type in extensions)
        {
            if (!typeof(IExtensionId).IsAssignableFrom(type) || type.IsAbstract || type.GetConstructor([]) is null)
                throw new ConfigurationException($"{type} is given as an extension; it must be an {nameof(IExtensionId)} with a public constructor without parameters.");
            _extensions.Add(type);
        }

        return this;
    }

    public AkkaConfigurationBuilder WithExtension<T>()
        where T : IExtensionId => WithExtensions(typeof(T));

    internal AkkaConfigurationBuilder AddHoconConfiguration(Config hocon, HoconAddMode addMode)
    {
        var current = Configuration.HasValue ? Configuration.Value : Config.Empty;
        Configuration = addMode switch
        {
            HoconAddMode.Append => current.SafeWithFallback(hocon),
            HoconAddMode.Prepend => hocon.SafeWithFallback(current),
            _ => hocon,
        };
        return this;
    }

    internal AkkaConfigurationBuilder WithActorRefProvider(ProviderSelection provider)
    {
        ActorRefProvider = provider;
        return this;
    }

    internal AkkaConfigurationBuilder AddSetup(Setup setup)
    {
        Setups.RemoveWhere(other => other.GetType() == setup.GetType());
        Setups.Add(setup);
        return this;
    }

    /// <summary>Makes the system; its actors start later.</summary>
    internal ActorSystem Build(IServiceProvider services)
    {
        if (_extensions.Count > 0)
        {
            var given = Configuration.HasValue ? Configuration.Value.GetStringList("akka.extensions") : [];
            var all = given.Concat(_extensions.Select(type => $"{type.FullName}, {type.Assembly.GetName().Name}")).Distinct();
            AddHoconConfiguration($"akka.extensions = [{string.Join(", ", all.Select(name => name.ToHocon()))}]", HoconAddMode.Prepend);
        }

        if (_serializers.Count > 0)
        {
            AddSetup(SerializationSetup.Create(system =>
                [.. _serializers.Select(each => SerializerDetails.Create(each.Id, each.Create(system), each.Types))]));
        }

        if (!Setups.OfType<LoggerFactorySetup>().Any() && services.GetService<ILoggerFactory>() is { } loggers) AddSetup(new LoggerFactorySetup(loggers));
        AddSetup(DependencyResolverSetup.Create(services));
        AddSetup(Bootstrap());
        return ActorSystem.Create(ActorSystemName, ActorSystemSetup.Create([.. Setups]));
    }

    internal async Task StartAsync(ActorSystem system)
    {
        var registry = ActorRegistry.For(system);
        var resolver = DependencyResolver.For(system).Resolver;
        foreach (var start in _actorStarters) await start(system, registry, resolver).ConfigureAwait(false);
        foreach (var run in _startupTasks) await run(system, registry).ConfigureAwait(false);
    }

    private BootstrapSetup Bootstrap()
    {
        var bootstrap = Setups.OfType<BootstrapSetup>().FirstOrDefault() ?? BootstrapSetup.Create();
        if (Configuration.HasValue) bootstrap = bootstrap.WithConfig(Configuration.Value);
        return ActorRefProvider.HasValue ? bootstrap.WithActorRefProvider(ActorRefProvider.Value) : bootstrap;
    }
}
