using Akka.Actor;
using Microsoft.Extensions.DependencyInjection;

namespace Akka.DependencyInjection;

/// <summary>Resolves from a service provider.</summary>
public class ServiceProviderDependencyResolver(IServiceProvider serviceProvider) : IDependencyResolver
{
    public IServiceProvider ServiceProvider { get; } = serviceProvider;

    public IResolverScope CreateScope() => new ServiceProviderScope(ServiceProvider.CreateScope());

    public T GetService<T>() => ServiceProvider.GetService<T>()!;

    public object GetService(Type type) => ServiceProvider.GetService(type)!;

    public Props Props(Type type, params object[] args) => typeof(ActorBase).IsAssignableFrom(type)
        ? Actor.Props.CreateBy(new ServiceProviderActorProducer(ServiceProvider, type, args))
        : throw new ArgumentException($"{type} is no actor.", nameof(type));

    public Props Props(Type type) => Props(type, []);

    public Props Props<T>(params object[] args)
        where T : ActorBase => Props(typeof(T), args);
}

public class ServiceProviderScope(IServiceScope scope) : IResolverScope
{
    public IDependencyResolver Resolver { get; } = new ServiceProviderDependencyResolver(scope.ServiceProvider);

    public void Dispose()
    {
        scope.Dispose();
        GC.SuppressFinalize(this);
    }
}

/// <summary>Makes each instance anew, with the arguments given and services for the rest.</summary>
internal sealed class ServiceProviderActorProducer(IServiceProvider provider, Type actorType, object[] args) : IIndirectActorProducer
{
    public Type ActorType { get; } = actorType;

    public ActorBase Produce() => (ActorBase)ActivatorUtilities.CreateInstance(provider, ActorType, args);

    public void Release(ActorBase actor)
    {
    }
}
