using Akka.Actor;
using Akka.Http.Dsl;
using Ceen;

namespace ActorInference.Host.Management;

/// <summary>What a route answers.</summary>
/// <param name="Status">The HTTP status.</param>
/// <param name="Json">The body.</param>
public sealed record JsonAnswer(HttpStatusCode Status, string Json);

/// <summary>A route that reads something from the actor system and changes nothing.</summary>
public sealed class JsonRoute(Func<ActorSystem, Task<JsonAnswer>> answer) : HttpModuleBase
{
    public override async Task<bool> HandleAsync(IAkkaHttpContext httpContext)
    {
        var response = httpContext.HttpContext.Response;
        if (httpContext.HttpContext.Request.Method != "GET")
        {
            response.StatusCode = HttpStatusCode.MethodNotAllowed;
            response.AddHeader("Allow", "GET");
            await response.WriteAllJsonAsync(ManagementJson.Error($"{httpContext.HttpContext.Request.Method} is not possible here; expected GET."));
            return true;
        }

        var (status, json) = await answer(httpContext.ActorSystem);
        response.StatusCode = status;
        response.SetNonCacheable();
        await response.WriteAllJsonAsync(json);
        return true;
    }
}
