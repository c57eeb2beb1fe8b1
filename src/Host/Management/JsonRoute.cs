using Akka.Actor;
using Akka.Http.Dsl;
using Ceen;

namespace ActorInference.Host.Management;

/// <summary>What a route answers.</summary>
/// <param name="Status">The HTTP status.</param>
/// <param name="Json">The body.</param>
public sealed record JsonAnswer(HttpStatusCode Status, string Json)
{
    public static JsonAnswer Error(HttpStatusCode status, string message) => new(status, ManagementJson.Error(message));
}

/// <summary>A route that answers with JSON: one that reads something from the actor system, and perhaps others that change it.</summary>
public sealed class JsonRoute : HttpModuleBase
{
    private const string Get = "GET";

    private readonly SortedDictionary<string, Func<RouteCall, Task<JsonAnswer>>> _methods = new(StringComparer.Ordinal);
    private readonly bool _readOnly;

    /// <param name="readOnly">Whether what changes something is refused, as <c>akka.management.http.route-providers-read-only</c> asks.</param>
    private JsonRoute(bool readOnly) => _readOnly = readOnly;

    /// <summary>A route of questions only.</summary>
    public static JsonRoute Of(Func<ActorSystem, Task<JsonAnswer>> answer) => Of(call => answer(call.System), readOnly: true);

    public static JsonRoute Of(Func<RouteCall, Task<JsonAnswer>> answer, bool readOnly) => Changes(readOnly).With(Get, answer);

    /// <summary>A route that nothing can be asked of.</summary>
    public static JsonRoute Changes(bool readOnly) => new(readOnly);

    /// <summary>Adds what another method does. All but GET are for administrators.</summary>
    public JsonRoute With(string method, Func<RouteCall, Task<JsonAnswer>> answer)
    {
        _methods.Add(method, answer);
        return this;
    }

    public override async Task<bool> HandleAsync(IAkkaHttpContext httpContext)
    {
        var response = httpContext.HttpContext.Response;
        var (status, json) = await AnswerAsync(new RouteCall(httpContext.ActorSystem, httpContext.HttpContext.Request));
        response.StatusCode = status;
        if (status == HttpStatusCode.MethodNotAllowed) response.AddHeader("Allow", string.Join(", ", _methods.Keys));
        if (status == HttpStatusCode.Unauthorized) response.AddHeader("WWW-Authenticate", "Bearer");
        response.SetNonCacheable();
        await response.WriteAllJsonAsync(json);
        return true;
    }

    private async Task<JsonAnswer> AnswerAsync(RouteCall call)
    {
        if (!_methods.TryGetValue(call.Method, out var answer))
            return JsonAnswer.Error(HttpStatusCode.MethodNotAllowed, $"{call.Method} is not possible here; expected {string.Join(" or ", _methods.Keys)}.");
        if (call.Method != Get && AdminAccess.Refusal(call, _readOnly) is { } refusal) return refusal;
        try
        {
            return await answer(call);
        }
        catch (BadCallException cause)
        {
            return JsonAnswer.Error(HttpStatusCode.BadRequest, cause.Message);
        }
    }
}
