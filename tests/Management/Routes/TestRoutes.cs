using Akka.Actor;
using Akka.Http.Dsl;
using Akka.Management;
using Akka.Management.Dsl;
using Ceen;

namespace ActorInference.Management.Tests.Routes;

/// <summary>A route provider that says what it was told and asked.</summary>
public sealed class TestRoutes(ExtendedActorSystem system) : IManagementRouteProvider
{
    public (string, HttpModuleBase)[] Routes(ManagementRouteProviderSettings settings) =>
    [
        ("/settings", new Route(context => context.Response.WriteAllAsync($"{system.Name} {settings.SelfBaseUri.Host} {settings.ReadOnly}"))),
        ("/request", new Route(context => context.Response.WriteAllAsync(
            $"{context.Request.Method} {context.Request.Path} a={context.Request.QueryString["a"]} x={context.Request.Headers["x-test"]}"))),
        ("/json", new Route(context =>
        {
            context.Response.StatusCode = HttpStatusCode.ServiceUnavailable;
            context.Response.AddHeader("X-Test", "yes");
            return context.Response.WriteAllJsonAsync("""{"ok":false}""");
        })),
        ("/members/*", new Route(context => context.Response.WriteAllAsync(context.Request.Path))),
        ("/broken", new Route(_ => throw new InvalidOperationException("It is broken."))),
        ("/choosy", new Route(_ => null)),
        ("/choosy", new Route(context => context.Response.WriteAllAsync("the second"))),
    ];

    /// <param name="answer">Null if it does not answer.</param>
    private sealed class Route(Func<IHttpContext, Task?> answer) : HttpModuleBase
    {
        public override async Task<bool> HandleAsync(IAkkaHttpContext httpContext)
        {
            if (answer(httpContext.HttpContext) is not { } task) return false;
            await task;
            return true;
        }
    }
}
