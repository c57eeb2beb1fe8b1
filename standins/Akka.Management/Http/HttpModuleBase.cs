using Akka.Actor;
using Ceen;

namespace Akka.Http.Dsl;

/// <summary>A request, and the actor system that it is about.</summary>
public interface IAkkaHttpContext
{
    ActorSystem ActorSystem { get; }

    IHttpContext HttpContext { get; }
}

/// <summary>Answers the requests of a route.</summary>
public interface IAkkaHttpModule : IHttpModule
{
    /// <returns>Whether the request is answered; if not, the next route that matches is asked.</returns>
    Task<bool> HandleAsync(IAkkaHttpContext httpContext);
}

/// <summary>Answers the requests of a route.</summary>
public abstract class HttpModuleBase : IAkkaHttpModule
{
    public virtual Task<bool> HandleAsync(IHttpContext httpContext) =>
        throw new NotSupportedException($"{GetType()} answers requests of an actor system only.");

    public abstract Task<bool> HandleAsync(IAkkaHttpContext httpContext);
}

internal sealed record AkkaHttpContext(ActorSystem ActorSystem, IHttpContext HttpContext) : IAkkaHttpContext;
