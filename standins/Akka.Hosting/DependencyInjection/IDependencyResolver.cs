using Akka.Actor;

namespace Akka.DependencyInjection;

/// <summary>Finds services, and makes recipes of actors that take services in their constructors.</summary>
public interface IDependencyResolver
{
    IResolverScope CreateScope();

    /// <summary>Null if there is no such service.</summary>
    T GetService<T>();

    /// <summary>Null if there is no such service.</summary>
    object GetService(Type type);

    Props Props(Type type, params object[] args);

    Props Props(Type type);

    /// <param name="args">For the constructor; what it takes besides comes from the services.</param>
    Props Props<T>(params object[] args)
        where T : ActorBase;
}

/// <summary>A scope of services, which ends them when it is disposed of.</summary>
public interface IResolverScope : IDisposable
{
    IDependencyResolver Resolver { get; }
}

public static class DependencyResolverExtensions
{
    public static Props Props<T>(this IDependencyResolver resolver)
        where T : ActorBase => resolver.Props(typeof(T));
}
